"""A PDF of each part, made from the built pages by Chromium: `make pdf`.

The chapters of a part are put on one page, with their figures, mathematics and unfolded
answers, and printed. What they share comes from their own heads, links between them
stay links, and those that lead elsewhere in the site are left as words.
"""

import functools
import html
import http.server
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"

#: What the heads of chapters are asked for: styles, mathematics and charts.
WANTED = re.compile(
    r'<link[^>]+rel="stylesheet"[^>]*>'
    r'|<script[^>]+src="[^"]*(?:mathjax|vega|course)[^"]*"[^>]*></script>'
    r"|<script>[^<]*MathJax[^<]*</script>"
)
ARTICLE = re.compile(r'<article class="bd-article[^>]*>(.*)</article>', re.DOTALL)
ANCHOR = re.compile(r'(<(?:section|span)\b[^>]*? id=")([^"]+)"')
LINK = re.compile(r'(<a\b[^>]*?) href="([^"]*)"')
FOOTER = (
    '<div style="width:100%;font:9px serif;text-align:center;color:#59636e">'
    '<span class="pageNumber"></span></div>'
)
PRINTED = """\
<style>
  body { background: #fff; font-variant-ligatures: none; }  /* words to be found */
  .bd-content, .bd-article { display: block; max-width: none; padding: 0; }
  /* Answers fade in when they are opened: printed at once, they would be white. */
  * { animation: none !important; transition: none !important; }
  .chapter { break-before: page; }
  .chapter { padding-top: 1px !important; }  /* or the outline has titles twice */
  .headerlink, .copybtn, .page-status { display: none; }
  h1, h2, h3 { break-after: avoid; }
  /* On one line: Chromium's outline forgets the blank where a line ends. */
  .bd-article h1 { font-size: 1.4rem; letter-spacing: 0; }
  .bd-article h2 { font-size: 1.15rem; letter-spacing: 0; }
  .bd-article h3 { font-size: 1rem; }
  svg, table, figure, .admonition { break-inside: avoid; }
  pre { white-space: pre-wrap; font-size: 0.75rem; }
  .cover p { font-size: 1.4rem; }
  .cover ol { list-style: none; padding: 0; }
  .cover .cover-title { font: 600 2.6rem/1.15 var(--course-serif); margin-top: 30%; }
</style>"""


def parts() -> dict[str, list[str]]:
    """Return the parts that have chapters: what each is called, and its chapters."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = {
        part["caption"]: [page["file"] for page in part["chapters"]]
        for part in toc["parts"]
    }
    return {
        name: pages
        for name, pages in found.items()
        if all(page.startswith("notebooks/") for page in pages)
    }


def article(page: str, name: str, others: list[str]) -> str:
    """Return a chapter's HTML with anchors of its own, and links to the others.

    >>> text = '<article class="bd-article"><section id="a"><a href="b.html#c"></a>'
    >>> article(text + '<a href="../x.html">x</a></section></article>', "a", ["b"])
    '<section id="a--a"><a href="#b--c"></a><a>x</a></section>'
    """
    found = ARTICLE.search(page)
    if found is None:
        raise ValueError(f"the page of {name} has no article: make book again")

    def lead(link: re.Match[str]) -> str:
        start, to = link.groups()
        if re.match(r"https?:", to):
            return link.group()
        path, _, anchor = to.partition("#")
        chapter = path.removesuffix(".html") or name
        if chapter not in (*others, name):
            return start
        return f'{start} href="#{f"{chapter}--{anchor}" if anchor else chapter}"'

    text = ANCHOR.sub(rf'\g<1>{name}--\g<2>"', found[1])
    return LINK.sub(lead, text)


def together(caption: str, pages: list[str]) -> str:
    """Return one page of HTML with all chapters of a part."""
    names = [Path(page).name for page in pages]
    texts = [(SITE / f"{page}.html").read_text(encoding="utf-8") for page in pages]
    heads = dict.fromkeys(tag for text in texts for tag in WANTED.findall(text))
    title = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["title"]
    chapters = [
        f'<article class="bd-article chapter" id="{name}">'
        f"{article(text, name, names)}</article>"
        for name, text in zip(names, texts, strict=True)
    ]
    headings = [re.findall(r"<h1>(.*?)<a ", chapter)[0] for chapter in chapters]
    contents = "".join(
        f'<li><a href="#{name}">{heading}</a></li>'
        for name, heading in zip(names, headings, strict=True)
    )
    return f"""\
<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">
<title>{html.escape(f"{title}: {caption}")}</title>
{"".join(heads)}{PRINTED}</head><body><main class="bd-content">
<div class="cover"><p class="cover-title">{html.escape(title)}</p>
<p><strong>{html.escape(caption)}</strong></p><ol>{contents}</ol></div>
{"".join(chapters)}</main></body></html>"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine, and give its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def write(browser: Any, site: str, caption: str, pages: list[str], path: Path) -> None:
    """Print the chapters of a part to a file, whole or not at all."""
    page = browser.new_page()
    address = f"{site}/{Path(pages[0]).parent}/all-chapters.html"
    text = together(caption, pages)
    page.route(address, lambda r: r.fulfill(body=text, content_type="text/html"))
    page.goto(address, wait_until="load", timeout=120_000)
    page.wait_for_function("!window.MathJax || !!MathJax.startup?.promise")
    page.evaluate("window.MathJax?.startup?.promise")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    page.pdf(
        path=unfinished,
        format="A4",
        margin=dict.fromkeys(("top", "right", "bottom", "left"), "20mm"),
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
        print_background=True,
        outline=True,
        tagged=True,
    )
    page.close()
    unfinished.replace(path)


def main() -> int:
    """Write the PDFs of all parts beside the pages that they are made of."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    missing = [p for part in parts().values() for p in part if not built(p).is_file()]
    if chromium is None or missing:
        why = f"no page for {missing[0]}: make book first" if missing else "no Chromium"
        print(f"pdf: failed: {why}", file=sys.stderr)
        return 1
    with sync_playwright() as playwright, served(SITE) as site:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for caption, pages in parts().items():
            path = SITE / "pdf" / f"{Path(pages[0]).parent.name}.pdf"
            write(browser, site, caption, pages, path)
            print(f"pdf: {path.relative_to(ROOT)}")
        browser.close()
    return 0


def built(page: str) -> Path:
    """Return where a page of the site is."""
    return SITE / f"{page}.html"


if __name__ == "__main__":
    sys.exit(main())
