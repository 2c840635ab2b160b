"""A deck of slides: from a text to a page.

A deck is `book/slides/NAME.md`. A heading begins a slide. `Note (2 min): ...` is what
only the speaker sees. `Live: foundations/softmax softmax-048` names a cell that is to
be run before the class.

A fence `{code-cell}` holds code, of which the result is shown. A fence with the words
`{cells} foundations/softmax` names cells of a chapter by their ids (`first..last` for
all from one to another): they are run as they stand in the book, and the last one's
result is shown, so a picture on a slide is the one on the page. `{run}` is the same and
shows nothing. What follows a guess waits for the next click.
"""

import html
import re
from pathlib import Path
from typing import Any

import nbformat
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent

FENCE = re.compile(
    r"^```\{(code-cell|cells|run)\} *(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
NOTE = re.compile(r"^Note \((\d+) min\): (.+)", re.DOTALL | re.MULTILINE)

LIVE = re.compile(r"^Live: (\S+) (\S+)$", re.MULTILINE)

#: What the chapters' bootstrap cell defines.
SCALE = "from course_lib.scale import current_scale\n\nscale = current_scale()"

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="_static/reveal/reveal.css">
<link rel="stylesheet" href="_static/slides.css">
<script>
window.MathJax = {{ tex: {{ inlineMath: [["\\\\(", "\\\\)"]] }} }};
</script>
<script src="_static/vega.js"></script>
</head>
<body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="_static/mathjax/tex-svg.js"></script>
<script src="_static/reveal/reveal.js"></script>
<script src="_static/reveal/notes.js"></script>
<script>
Reveal.initialize({{
  width: 1280, height: 720, margin: 0, center: false, hash: true, transition: "none",
  slideNumber: "c/t", plugins: [RevealNotes],
}});
</script>
</body>
</html>
"""


def slides(text: str) -> list[str]:
    """Return the text of each slide: from a heading to the next.

    >>> slides("# A\\n\\nNote (1 min): x\\n\\n## B\\n\\ny\\n")
    ['# A\\n\\nNote (1 min): x\\n\\n', '## B\\n\\ny\\n']
    """
    fences: list[str] = []

    def hide(found: re.Match[str]) -> str:
        fences.append(found.group())
        return f"\0{len(fences) - 1}\0"  # a comment in code begins as a heading does

    hidden = FENCE.sub(hide, text)
    parts = re.split(r"^(?=##? )", hidden, flags=re.MULTILINE)[1:]
    return [re.sub("\0(\\d+)\0", lambda m: fences[int(m[1])], p) for p in parts]


def cells_of(chapter: str, wanted: str) -> list[str]:
    """Return the code of a chapter's cells, named by their ids.

    Raises ValueError if the chapter has no such cell.
    """
    path = ROOT / "notebooks" / f"{chapter}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    code = {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}
    order = list(code)
    found: list[str] = []
    for name in wanted.split():
        first, _, last = name.partition("..")
        for end in filter(None, (first, last)):
            if end not in code:
                raise ValueError(
                    f"a slide wants cell {end!r} of {path.relative_to(ROOT)}; "
                    f"there are {', '.join(order)}"
                )
        stop = order.index(last or first) + 1
        for cell in (code[i] for i in order[order.index(first) : stop]):
            if not {"answer", "bootstrap"} & set(cell.metadata.get("tags", [])):
                found.append(cell.source)
    return found


def notebook_of(text: str) -> NotebookNode:
    """Return a deck's code as a notebook; `shown` marks cells that end a fence."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.cells.append(nbformat.v4.new_code_cell(SCALE, id="scale"))
    for kind, chapter, body in FENCE.findall(text):
        sources = [body] if kind == "code-cell" else cells_of(chapter, body)
        for source in sources:
            shown = kind != "run" and source is sources[-1]
            cell = nbformat.v4.new_code_cell(source, metadata={"shown": shown})
            cell.id = f"cell-{len(notebook.cells)}"  # random otherwise
            notebook.cells.append(cell)
    return notebook


def cue(chapter: str, cell: str) -> str:
    """Say where in the book a cell is to be run before the class.

    >>> cue("foundations/temperature", "temperature-026")
    'Live: *Temperature*, under “Turn the knob yourself”'
    """
    path = ROOT / "notebooks" / f"{chapter}.ipynb"
    title = under = ""
    for each in nbformat.read(path, as_version=4).cells:
        if each.cell_type == "markdown":
            headings = re.findall(r"^(#+) (.+)$", each.source, re.MULTILINE)
            for depth, heading in headings:
                title, under = (title or heading, heading if depth != "#" else "")
        if each.id == cell:
            return f"Live: *{title.partition(':')[0]}*, under “{under}”"
    raise ValueError(f"a slide wants cell {cell!r} of {chapter} live; it has none")


def outcome(cell: NotebookNode) -> str:
    """Return what a cell shows, as HTML."""
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "stream" and output.name == "stdout":
            parts.append(f"<pre>{html.escape(output.text)}</pre>")
        elif "text/markdown" in data:
            parts.append(_markdown(data["text/markdown"]))
        elif "text/html" in data:
            parts.append(data["text/html"])
        elif "text/plain" in data:
            parts.append(f"<pre>{html.escape(data['text/plain'])}</pre>")
    return "\n".join(parts)


def section(slide: str, outcomes: list[str]) -> str:
    """Return a slide as HTML; it uses up the outcomes of its cells.

    Raises ValueError if it has no notes.
    """
    note = NOTE.search(slide)
    if not note:
        raise ValueError(
            f"the slide {slide.splitlines()[0]!r} has no notes; expected a line that "
            "begins with 'Note (2 min): '"
        )
    heading, _, body = slide[: note.start()].partition("\n")
    words: list[str] = []
    shown: list[str] = []
    pieces = FENCE.split(body)[::4]  # less the three groups of each fence
    kinds = ["run", *FENCE.split(body)[1::4]]
    for i, (kind, piece) in enumerate(zip(kinds, pieces, strict=True)):
        if kind != "run":
            said = outcomes.pop(0)
            plain = not re.search(r"<(table|svg|pre|div)", said)
            if "**Guess" in "".join(pieces[:i]) and "course-chart" not in said:
                said = f'<div class="fragment">{said}</div>'  # with the next click
            (words if plain else shown).append(said)
        words.append(_markdown(LIVE.sub(lambda m: cue(*m.groups()), piece)))
    said = "\n".join(filter(str.strip, words))
    columns = f'<div class="words">{said}</div>' if said else ""
    columns += f'<div class="shown">{"".join(shown)}</div>' if shown else ""
    kind = "title" if heading.startswith("# ") else "slide"
    length, text = note.groups()
    return (
        f'<section class="{kind}" data-timing="{60 * int(length)}">\n'
        f'{_markdown(heading)}<div class="columns">{columns}</div>\n'
        f'<aside class="notes">{_markdown(f"*{length} min.* {text}")}</aside>\n'
        "</section>"
    )


def _markdown(text: str) -> str:
    reader = MarkdownIt("commonmark").enable("table")
    dollarmath_plugin(reader, renderer=_mathematics)
    return str(reader.render(text)).replace("<p>Live: ", '<p class="live">Live: ')


def _mathematics(formula: str, options: dict[str, Any]) -> str:
    left, right = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
    return f"{left}{html.escape(formula)}{right}"


def page(text: str, done: NotebookNode) -> str:
    """Return a deck as a page, from its text and its executed code."""
    shown = [c for c in done.cells if c.metadata.get("shown")]
    outcomes = [outcome(cell) for cell in shown]
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    assert title is not None
    all_of_it = "\n".join(section(slide, outcomes) for slide in slides(text))
    return PAGE.format(title=html.escape(title[1]), slides=all_of_it)
