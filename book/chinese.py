"""For Sphinx: pages in Chinese say that they are, and search finds their words.

A page whose front matter has `lang: zh-Hans` says so in its HTML. Then a screen reader
reads it in Chinese, and a browser takes fonts and breaks lines as is right there.

Chinese has no blanks between words. Sphinx's search goes by blanks and marks, so it
would take each clause for one long word, and not find a word inside it. So here all
pairs of neighbouring characters are words, in the index and in what somebody looks for:
a page is found if it has all pairs of the query.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")


class EnglishAndChinese(SearchEnglish):
    """English words, and Chinese characters one by one and two by two."""

    #: The same for a query, in the browser; but single characters only if alone.
    js_splitter_code = r"""
function splitQuery(query) {
  const word = /\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu;
  return (query.match(word) || []).flatMap((found) => {
    const letters = [...found];
    if (letters.length < 3 || !/\p{Script=Han}/u.test(found)) return [found];
    return letters.slice(1).map((letter, i) => letters[i] + letter);
  });
}
"""

    def split(self, input: str) -> list[str]:
        """Return the words of a text."""
        words = super().split(HAN.sub(" ", input))
        for run in HAN.findall(input):
            words += [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
        return words


def say_language(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Let a page's HTML have the language of its front matter."""
    language = (context.get("meta") or {}).get("lang")
    if language:
        context["language"] = language


def setup(app: Sphinx) -> dict[str, Any]:
    """Add both to Sphinx."""
    app.add_search_language(EnglishAndChinese)
    app.connect("html-page-context", say_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
