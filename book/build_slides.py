"""Execute the slides and write them to `_build/slides`: `make slides`.

A deck is executed again only when its code, the package, the records or the pins have
changed. The decks need no network: reveal.js, MathJax and Vega lie beside them.
"""

import logging
import os
import shutil
import sys
from pathlib import Path

import build
import decks
import nbformat
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "book" / "slides"
STATIC = ROOT / "book" / "_static"
MADE = ROOT / "_build" / "slides"


def execute(paths: list[Path], cache: Path) -> list[NotebookNode]:
    """Execute notebooks side by side, those that have changed; return them done.

    Raises RuntimeError with the error of a cell that raised.
    """
    kept = get_cache(cache)
    for record in kept.list_project_records():
        kept.remove_nb_from_project(record.pk)  # one that raised is not tried again
    for path in paths:
        kept.add_nb_to_project(str(path))
    logger = logging.getLogger("slides")
    load_executor("local-parallel", kept, logger).run_and_cache(timeout=900)
    done = []
    for path in paths:
        record = kept.get_project_record(str(path))
        if kept.get_cached_project_nb(record.pk) is None:
            lines = build.COLORS.sub("", record.traceback).strip().splitlines()
            raise RuntimeError(f"slides: {path.stem}: {lines[-1]}")
        _, notebook = kept.merge_match_into_file(str(path))
        done.append(notebook)
    return done


def write_decks(names: list[str], made: Path = MADE) -> list[Path]:
    """Write decks, all if none is named, and what they need; return the pages."""
    paths = [TEXTS / f"{n}.md" for n in names] or sorted(TEXTS.glob("*.md"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in paths}
    cache = made / f"cache-{build.inputs_digest()}"
    for old in set(made.glob("cache-*")) - {cache}:
        shutil.rmtree(old)
    cache.mkdir(parents=True, exist_ok=True)
    code = []
    for name, text in texts.items():
        path = made / "code" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(decks.notebook_of(text), path)
        code.append(path)
    done = execute(code, cache)
    shutil.copytree(STATIC / "reveal", made / "_static" / "reveal", dirs_exist_ok=True)
    shutil.copytree(STATIC / "mathjax", made / "_static/mathjax", dirs_exist_ok=True)
    shutil.copy(TEXTS / "slides.css", made / "_static" / "slides.css")
    build.write_vega()
    shutil.copy(ROOT / "_build" / "static" / "vega.js", made / "_static" / "vega.js")
    pages = []
    for (name, text), notebook in zip(texts.items(), done, strict=True):
        written = made / f"{name}.html"
        written.write_text(decks.page(text, notebook), encoding="utf-8")
        pages.append(written)
    return pages


def main() -> int:
    """Write the decks; say where they are, or in one line why not."""
    os.environ["COURSE_BOOK"] = "1"  # the charts find Vega beside the page
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        for path in write_decks(sys.argv[1:]):
            print(f"slides: {path.relative_to(ROOT)}")
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
