"""Compare what two students wrote: their code, and long answers in words.

Code is compared by copydetect, which looks for runs of the same tokens and so does not
mind other names; answers in words must be the same. What the assignment gave to all
does not count. Nothing is run.
"""

import io
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from copydetect import CodeFingerprint, compare_files
from copydetect.utils import highlight_overlap
from markupsafe import Markup

from coursework import notebook
from coursework.notebook import Notebook, Unreadable, spaces
from coursework.submissions import Submission

ALIKE = 0.6  # of the code of one of the two
RUN = 25  # characters that must follow each other in both, names counted as one
LONG = 12  # words of an answer that two do not write by chance
MOST_FILE, MOST_CODE = 20 << 20, 100_000


@dataclass(frozen=True)
class Work:
    """What one student wrote: code to be compared, and long answers by their words."""

    submission: Submission
    code: CodeFingerprint
    texts: dict[str, str]


@dataclass(frozen=True)
class Pair:
    """Two that are alike; each field has one's side and the other's."""

    names: tuple[str, str]
    numbers: tuple[str, str]
    files: tuple[str, str]
    shares: tuple[float, float]  # of one's code that is also in the other's
    codes: tuple[Markup, Markup]
    texts: list[str]  # that both have


def own_code(submitted: Notebook, given: Notebook | None) -> str:
    """Return the code cells that are not as they were given out."""
    known = _texts(given)
    cells = [source for source in submitted.code().values() if source.strip()]
    return "\n".join(x for x in cells if spaces(x) not in known)[:MOST_CODE]


def _texts(given: Notebook | None) -> set[str]:
    return {spaces(cell.source) for cell in given.cells} if given else set()


def boilerplate(given: Notebook | None) -> np.ndarray:
    """Return the runs that are in all notebooks, as they were given out."""
    code = "\n".join(given.code().values()) if given else ""
    return np.array(list(fingerprint(code).hashes))


def work(
    one: Submission, given: Notebook | None, common: np.ndarray | None = None
) -> Work:
    """Return what a student wrote.

    Raises `notebook.Unreadable` if the file is no notebook, or a very large one.
    """
    if one.problem or len(one.data) > MOST_FILE:
        raise Unreadable(one.problem or f"{len(one.data) / 1e6:,.0f} MB")
    submitted, known = notebook.read(one.data), _texts(given)
    answers = [
        cell.source
        for cells in notebook.written_answers(submitted).values()
        for cell in cells
        if cell.kind == "markdown" and spaces(cell.source) not in known
    ]
    words = {" ".join(re.findall(r"\w+", text.casefold())): text for text in answers}
    long = {key: text for key, text in words.items() if key.count(" ") >= LONG - 1}
    return Work(one, fingerprint(own_code(submitted, given), common), long)


def fingerprint(code: str, common: np.ndarray | None = None) -> CodeFingerprint:
    """Return what copydetect compares; every run counts, so that the shares are exact
    and the same each time."""
    return CodeFingerprint("", RUN, 1, common, language="python", fp=io.StringIO(code))


def alike(works: Iterable[Work], least: float = ALIKE) -> list[Pair]:
    """Return the pairs of which one has `least` of its code from the other, or which
    have a long answer in common; the most alike first."""
    found = []
    for one, other in itertools.combinations(works, 2):
        _, shares, slices = compare_files(one.code, other.code)
        texts = [one.texts[key] for key in one.texts if key in other.texts]
        if max(shares) < least and not texts:
            continue
        both = (one, other)
        codes = [_marked(x.code.raw_code, s) for x, s in zip(both, slices, strict=True)]
        first, second = (x.submission for x in both)
        found.append(
            Pair(
                (first.student, second.student),
                (first.number, second.number),
                (first.source, second.source),
                (float(shares[0]), float(shares[1])),
                (codes[0], codes[1]),
                texts,
            )
        )
    return sorted(found, key=lambda pair: (-max(pair.shares), pair.files))


def _marked(code: str, slices: np.ndarray) -> Markup:
    if not slices.size:
        return Markup.escape(code)
    marked, _ = highlight_overlap(code, slices, "<mark>", "</mark>", escape_html=True)
    return Markup(marked)
