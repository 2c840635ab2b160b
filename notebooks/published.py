"""Where the course is published, and what badges and set-up cells say of it.

`repository` in _config.yml names the place once, and `make publish` writes it: `url`,
`branch` (a tag, once it is published) and, if the package lies on a release as a wheel,
`wheel`, its address. Before that, notebooks say in words that it is not published.
"""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
#: What `url` is before anything is published.
NOWHERE = "https://github.com/your-organisation/distilling-text"
GITHUB = "https://github.com/"

INSTALL = """\
    course = "{course}"
    %pip install --quiet {{course}}"""
SORRY = """\
    raise SystemExit(
        "This course is not published yet, so nothing can install it here: "
        "open the notebook with `make lab`, in the folder it came in."
    )"""


def place() -> dict[str, str]:
    """Return `url`, `branch` and `wheel`, if there is one, of `repository`."""
    text = (ROOT / "_config.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["repository"]


def is_published() -> bool:
    """Whether there is a place to lead readers to."""
    return place()["url"] != NOWHERE


def course() -> str:
    """Return what pip is asked to install: the wheel of a release, or the tag."""
    here = place()
    return here.get("wheel") or f"git+{here['url']}@{here['branch']}"


def install() -> str:
    """Return the indented lines of a cell that run where the course is missing."""
    return INSTALL.format(course=course()) if is_published() else SORRY


def links(page: str) -> str:
    """Return the line below a title; `page` is the notebook's path in the course."""
    if not is_published():
        return "*Not published yet, so not on Colab either.*"
    here = place()
    at = f"blob/{here['branch']}/{page}"
    source = f"[its source]({here['url']}/{at})"
    if not here["url"].startswith(GITHUB):
        return source
    colab = (
        f"https://colab.research.google.com/github/{here['url'][len(GITHUB) :]}/{at}"
    )
    return f"[Run this chapter on Colab]({colab}) · {source}"
