"""The map of the course: its chapters in order, and what each needs.

What a chapter needs is what its card says; nothing is drawn that no card names. An
arrow that two others already imply is left out: who has read softmax for temperature
need not be told so again by KL divergence.
"""

import html
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import yaml
from teaching import Chapter, chapters

ROOT = Path(__file__).resolve().parent.parent

#: Pixels: a chapter's row, a part's heading, and how far arcs reach to the left.
ROW, HEADING, GUTTER = 36, 48, 72

Needs = Mapping[str, Sequence[str]]


def before(name: str, needs: Needs) -> set[str]:
    """Return all that is to be read before a chapter, directly or not.

    >>> sorted(before("c", {"a": [], "b": ["a"], "c": ["b"]}))
    ['a', 'b']
    """
    found: set[str] = set()
    for need in needs[name]:
        found |= {need} | before(need, needs)
    return found


def arrows(needs: Needs) -> list[tuple[str, str]]:
    """Return (what is needed, by what), less what other arrows imply.

    >>> arrows({"a": [], "b": ["a"], "c": ["a", "b"]})
    [('a', 'b'), ('b', 'c')]
    """
    found = []
    for name, wanted in needs.items():
        for need in dict.fromkeys(wanted):
            others = (other for other in wanted if other != need)
            if not any(need in before(other, needs) for other in others):
                found.append((need, name))
    return found


def captions() -> dict[str, str]:
    """Return what _toc.yml calls the part of each folder of notebooks."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return {
        Path(page["file"]).parent.name: part["caption"]
        for part in toc["parts"]
        for page in part["chapters"]
        if page["file"].startswith("notebooks/")
    }


def running(seconds: float | None) -> str:
    """Say how long a chapter's cells take on one core.

    >>> running(45), running(610), running(None)
    ('45 s', '10 min', 'not timed')
    """
    if seconds is None:
        return "not timed"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _arc(start: float, end: float, widest: float) -> str:
    """Return a half of an ellipse from one dot down to another, left of both."""
    bulge = 14 + (GUTTER - 30) * ((end - start) / widest) ** 0.7
    x = GUTTER - 8
    middle = x - 1.33 * bulge
    return f"M{x} {start}C{middle:.0f} {start} {middle:.0f} {end} {x} {end}"


def _short(chapter: Chapter) -> str:
    return chapter.title.partition(":")[0]


def course_map(prefix: str = "../") -> str:
    """Return the map as HTML: a list of links, with arcs drawn beside it."""
    every = chapters()
    needs = {name: [n for n in c.needs if n in every] for name, c in every.items()}
    parts = captions()
    drawn = arrows(needs)
    rows: list[str] = []
    heights: dict[str, float] = {}
    top = 0.0
    for part, group in groupby(every.items(), key=lambda item: item[1].part):
        rows.append(
            f'<li class="map-part" style="height:{HEADING}px">'
            f"{html.escape(parts[part])}</li>"
        )
        top += HEADING
        for name, chapter in group:
            heights[name] = top + ROW / 2
            top += ROW
            wanted = [every[a] for a, b in drawn if b == name]
            rows.append(_row(chapter, wanted, before(name, needs), prefix))
    widest = max(heights[b] - heights[a] for a, b in drawn)
    arcs = "".join(
        f'<path data-from="{a}" data-to="{b}" marker-end="url(#map-tip)" '
        f'd="{_arc(heights[a], heights[b], widest)}"/>'
        for a, b in drawn
    )
    dots = "".join(
        f'<circle data-at="{name}" cx="{GUTTER}" cy="{y}" r="5"/>'
        for name, y in heights.items()
    )
    return f"""\
<nav class="course-map" aria-label="Chapters, and what each needs">
<svg width="{GUTTER + 8}" height="{top:.0f}" aria-hidden="true">
<defs><marker id="map-tip" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="7"
markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>
{arcs}{dots}</svg>
<ol style="--map-row:{ROW}px;--map-gutter:{GUTTER + 20}px">{"".join(rows)}</ol>
<script>{SCRIPT}</script>
</nav>"""


def _row(
    chapter: Chapter, wanted: Sequence[Chapter], earlier: set[str], prefix: str
) -> str:
    """Return a chapter's row; `wanted` are those from which an arrow leads to it."""
    needs = ", ".join(_short(need) for need in wanted)
    return (
        f'<li data-name="{Path(chapter.place).name}" '
        f'data-before="{" ".join(sorted(earlier))}">'
        f'<a href="{prefix}notebooks/{chapter.place}.html">'
        f"{html.escape(_short(chapter))}</a>"
        f'<span class="map-needs">{"after " + html.escape(needs) if needs else ""}'
        f'</span><span class="map-time">{running(chapter.running)}</span></li>'
    )


#: Whatever is pointed at, all that is to be read before it stands out.
SCRIPT = """(() => {
  const map = document.currentScript.closest(".course-map");
  const show = (row) => {
    const on = new Set(row ? [row.dataset.name, ...row.dataset.before.split(" ")] : []);
    map.classList.toggle("map-chosen", !!row);
    for (const e of map.querySelectorAll("[data-name], [data-at], [data-to]")) {
      const { name, at, from, to } = e.dataset;
      e.classList.toggle("map-on", on.has(name ?? at ?? to) && (!from || on.has(from)));
    }
  };
  const row = (event) => event.target.closest("[data-name]");
  map.addEventListener("pointerover", (event) => show(row(event)));
  map.addEventListener("pointerleave", () => show(null));
  map.addEventListener("focusin", (event) => show(row(event)));
  map.addEventListener("focusout", () => show(null));
})();"""
