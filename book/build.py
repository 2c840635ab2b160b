"""Execute the notebooks and write the site to `_build/html`: `make book`.

`python book/build.py results` draws the page of results alone, in seconds.

A notebook is executed again only when it, the package, the pins or the data setting
have changed: the execution cache lies in a folder named after all of those. The build
fails, and says why in one line, at a cell that raises, a Sphinx warning, or a page that
the table of contents promises and the site lacks.
"""

import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import vl_convert
import yaml
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

from course_lib.scale import current_scale
from notebooks import published

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
SITE = BUILD / "html"

#: What a page's outputs depend on besides its own cells.
INPUTS = [
    "course_lib/**/*.py",
    "course_lib/**/*.json",
    "book/records/*.json",
    "requirements.txt",
]
SETTINGS = ["COURSE_SCALE", "COURSE_DATA"]

#: Addresses once were numbers: notebooks/01-softmax.html. They lead on, for good.
ONCE_NUMBERED = [
    "softmax",
    "temperature",
    "kl-divergence",
    "text-pipeline",
    "lstm-teacher",
    "bert-teacher",
    "lstm-to-lstm",
    "bert-to-small",
    "few-labels",
    "tuning",
    "multi-label",
    "multi-label-distillation",
]

#: Pages that read chapters, assignments and slides: drawn again each time.
READ_ALL = [
    "book/intro",
    "book/results",
    "book/for-instructors",
    "book/syllabus",
    "book/rubrics",
]

FAILURE = re.compile(r"(WARNING|ERROR|CRITICAL): |^[\w.]*(Error|Exception): \S")
COLORS = re.compile(r"\x1b\[[0-9;]*m")


def inputs_digest() -> str:
    """Return a short digest of everything that would change an output."""
    digest = hashlib.sha256()
    for pattern in INPUTS:
        for path in sorted(ROOT.glob(pattern)):
            if path.name == "minutes.json":
                continue  # only the cards show it, and no cell
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
    for name in SETTINGS:
        digest.update(f"{name}={os.environ.get(name, '')}".encode())
    return digest.hexdigest()[:16]


def write_config(config: dict[str, Any], cache: Path) -> Path:
    """Write the config that names the execution cache; return its path.

    Before the course is published, no button may lead to where it is not, and neither
    a map of the site nor the card of shared links has an address.
    """
    config["execute"]["cache"] = str(cache)
    sphinx, site = config["sphinx"]["config"], config["html"]["baseurl"]
    sphinx["ogp_site_url"] = site
    sphinx["html_context"]["home"] = urlsplit(site).path or "/"
    if site:
        sphinx["extensions"].append("sphinx_sitemap")
        sphinx["sitemap_url_scheme"] = "{link}"
        sphinx["ogp_image"] = f"{site.rstrip('/')}/_static/social-card.png"
        sphinx["sitemap_excludes"] = ["404.html", "genindex.html", "search.html"]
    if not published.is_published():
        config["launch_buttons"] = {}
        config["html"] |= {"use_repository_button": False, "use_issues_button": False}
    path = BUILD / "_config.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def write_vega() -> None:
    """Put the chart library, which comes with a Python package, beside the pages."""
    path = BUILD / "static" / "vega.js"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        code = vl_convert.javascript_bundle()
        path.write_text(f"(function () {{ {code} }})();\n", encoding="utf-8")


def execute_side_by_side(cache: Path, timeout: int) -> None:
    """Execute the chapters that the cache lacks, one on each core.

    Models as small as these gain little from a second thread, and a book gains much
    from a second chapter. A chapter that fails is not kept: Jupyter Book executes it
    again, and shows its error.
    """
    kept = get_cache(cache)
    for left in kept.list_project_records():  # of a clone that has since been moved
        kept.remove_nb_from_project(left.pk)
    for page in pages():
        if (ROOT / f"{page}.ipynb").is_file():  # and no assignment, which is no page
            kept.add_nb_to_project(str(ROOT / f"{page}.ipynb"))
    logger = logging.getLogger("book")
    logger.setLevel(logging.INFO)
    load_executor("local-parallel", kept, logger).run_and_cache(timeout=timeout)


def run(config: Path, *options: str) -> tuple[int, list[str]]:
    """Run Jupyter Book, showing its progress; return its status and its lines."""
    script = Path(sys.executable).with_name("jupyter-book")
    command = [str(script), "build", str(ROOT), "--config", str(config), *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        lines.append(COLORS.sub("", line).rstrip())
    return process.wait(), lines


def reason(lines: list[str]) -> str:
    """Return one line that says why a build failed, from its output."""
    for i, line in enumerate(lines):
        if "Executing notebook failed" in line:
            # The cell's own error and the arrow at the line that raised it follow.
            rest = lines[i:]
            error = next((x for x in rest if re.match(r"\w+(Error|Exception):", x)), "")
            arrow = next((x for x in rest if x.startswith("---->")), "")
            notebook = line.partition(": WARNING")[0]
            return f"a cell of {notebook} raised {error.strip()} at {arrow.strip()}"
    found = [line.strip() for line in lines if FAILURE.search(line)]
    return found[0] if found else lines[-1]


def pages() -> list[str]:
    """Return the pages that the table of contents promises, in its order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [
        toc["root"],
        *(c["file"] for part in toc["parts"] for c in part["chapters"]),
    ]


def missing_pages() -> list[str]:
    """Return the pages that the table of contents promises and the site lacks."""
    promised = ["index", *pages()]
    return [page for page in promised if not (SITE / f"{page}.html").is_file()]


def write_redirects() -> None:
    """Let the addresses that chapters had by number lead to those by topic."""
    for number, topic in enumerate(ONCE_NUMBERED, start=1):
        (new,) = (SITE / "notebooks").glob(f"*/{topic}.html")
        to = f"{new.parent.name}/{new.name}"
        page = f'<!DOCTYPE html><meta http-equiv="refresh" content="0; url={to}">\n'
        old = SITE / "notebooks" / f"{number:02}-{topic}.html"
        old.write_text(page, encoding="utf-8")


def copy_slides() -> None:
    """Put the slides beside the pages, if `make slides` has made them."""
    slides, place = BUILD / "slides", SITE / "slides"
    if any(slides.glob("*.html")):
        left = shutil.ignore_patterns("cache-*", "code")
        shutil.copytree(slides, place, ignore=left, dirs_exist_ok=True)


def draw_results() -> int:
    """Draw the page of results from its records, by itself: other pages are missing."""
    folder = BUILD / "results"
    folder.mkdir(parents=True, exist_ok=True)
    write_vega()
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["execute"]["execute_notebooks"] = "force"  # its records may have changed
    toc = {"format": "jb-book", "root": "book/results"}
    toc |= {"chapters": [{"file": "book/bibliography"}]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    os.environ["COURSE_BOOK"] = "1"
    # All: what the page reads may have changed where its own words did not.
    options = ("--all", "--path-output", str(folder), "--toc", str(folder / "_toc.yml"))
    status, lines = run(write_config(config, folder / "cache"), *options)
    page = folder / "_build" / "html" / "book" / "results.html"
    if status != 0 or not page.is_file():
        print(f"results: failed: {reason(lines)}", file=sys.stderr)
        return 1
    print(f"results: drawn in {page.relative_to(ROOT)}")
    return 0


def main() -> int:
    """Build the site; return 0 only if all of it is there and nothing complained."""
    cache = BUILD / f"cache-{inputs_digest()}"
    if not cache.exists():
        # Sphinx would not read again a page whose own file has not changed.
        for old in [*BUILD.glob("cache-*"), BUILD / ".doctrees", SITE]:
            shutil.rmtree(old, ignore_errors=True)
    toc, doctrees = ROOT / "_toc.yml", BUILD / ".doctrees"
    if doctrees.exists() and toc.stat().st_mtime > doctrees.stat().st_mtime:
        shutil.rmtree(doctrees)  # what Sphinx remembers is in the old order
    for page in READ_ALL:
        (doctrees / f"{page}.doctree").unlink(missing_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    write_vega()
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    os.environ["COURSE_BOOK"] = "1"  # read by the notebooks
    if current_scale().device.type == "cpu":  # chapters share a GPU badly
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        execute_side_by_side(cache, config["execute"]["timeout"])
    options = ("--path-output", str(ROOT), "-W", "--keep-going")
    status, lines = run(write_config(config, cache), *options)
    if status != 0:
        # A page that failed must not count as done next time.
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
        print(f"book: failed: {reason(lines)}", file=sys.stderr)
        return 1
    if missing := missing_pages():
        print(f"book: failed: no page for {', '.join(missing)}", file=sys.stderr)
        return 1
    write_redirects()
    copy_slides()
    print(f"book: built {SITE.relative_to(ROOT)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(draw_results() if sys.argv[1:] == ["results"] else main())
