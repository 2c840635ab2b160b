"""For Sphinx: a page's readers are sent what it uses, and little else.

The theme comes with all of Bootstrap, two thousand icons, and a script that draws them
once more. Each page of this site uses a few per cent of that. So once all pages are
written, style sheets lose the rules for classes that nothing on the site is called, and
icon fonts the letters that no style sheet asks for. The chart library goes only to
pages with a chart, and MathJax to pages with a formula.
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from fontTools import subset
from sphinx.application import Sphinx

#: Templates and scripts that the theme copies to where readers could load them.
STRAY = ["*webpack-macros.html", "vendor/fontawesome/*/js"]
#: Icons are letters that Unicode leaves to everybody.
ICON = re.compile("[\ue000-\uf8ff]")
#: Large scripts that bring their own styles.
NO_CLASSES = "mathjax/"
NAME = re.compile(r"[\w-]+")


def names(texts: Iterable[str]) -> set[str]:
    """Return all that may be the name of a class in pages and scripts.

    >>> sorted(names(['<p class="card wide">', 'add("bs-" + kind)']))
    ['add', 'bs-', 'card', 'class', 'kind', 'p', 'wide']
    """
    return {name for text in texts for name in NAME.findall(text)}


def trimmed(css: str, used: set[str]) -> str:
    """Return a style sheet without the rules for classes that are not among the used.

    A script may put a name together, so one that ends with a hyphen stands for all that
    begin with it. What selectors ask besides classes is not looked at. Licences stay.

    >>> print(trimmed(".a, .b .c, .bs-d { top: 0 } p:not(.e) { top: 1px }",
    ...               {"a", "b", "bs-"}))
    .a,.bs-d { top: 0 }p:not(.e) { top: 1px }
    """
    begin = tuple(name for name in used if len(name) > 1 and name.endswith("-"))
    rules = tinycss2.parse_stylesheet(css, skip_whitespace=True)
    return tinycss2.serialize(_kept(rules, used, begin))


def _kept(rules: list[Any], used: set[str], begin: tuple[str, ...]) -> list[Any]:
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [
                one
                for one in _split(rule.prelude)
                if all(c in used or c.startswith(begin) for c in _classes(one))
            ]
            rule.prelude = _joined(selectors)
            if not selectors:
                continue
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, True, True)
            rule.content = _kept(inner, used, begin)
            if not rule.content:
                continue
        elif rule.type == "comment" and not rule.value.startswith("!"):
            continue
        kept.append(rule)
    return kept


def _split(prelude: list[Any]) -> list[list[Any]]:
    """Return the selectors between a rule's commas."""
    selectors: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            selectors.append([])
        elif selectors[-1] or token.type != "whitespace":
            selectors[-1].append(token)
    return selectors


def _joined(selectors: list[list[Any]]) -> list[Any]:
    comma = tinycss2.parse_component_value_list(",")
    return [t for i, one in enumerate(selectors) for t in (comma * (i > 0)) + one]


def _classes(selector: list[Any]) -> list[str]:
    """Return a selector's classes, but not those within :not(...) and the like."""
    return [
        name.value
        for dot, name in pairwise(selector)
        if dot == "." and name.type == "ident"
    ]


def cut_font(path: Path, letters: str) -> None:
    """Leave in a font only these letters."""
    flavor = "woff2" if path.suffix == ".woff2" else None
    options = subset.Options(flavor=flavor, layout_features=[], hinting=False)
    font = subset.load_font(path, options)
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(font)
    subset.save_font(font, path, options)


def trim(site: Path) -> None:
    """Trim the style sheets and icon fonts of a site whose pages are written."""
    static = site / "_static"
    for stray in (path for pattern in STRAY for path in static.glob(pattern)):
        for path in [*stray.rglob("*"), stray]:
            if path.is_file():
                path.unlink()
    pages = [path for path in site.rglob("*.html") if static not in path.parents]
    scripts = [
        path
        for path in static.rglob("*.js")
        if not path.relative_to(static).as_posix().startswith(NO_CLASSES)
    ]
    used = names(path.read_text(encoding="utf-8") for path in pages + scripts)
    icons = set()
    for path in static.rglob("*.css"):
        css = trimmed(path.read_text(encoding="utf-8"), used)
        path.write_text(css, encoding="utf-8")
        icons.update(ICON.findall(css))
    for pattern in ("*.woff2", "*.ttf"):
        for path in static.glob(f"vendor/fontawesome/*/webfonts/{pattern}"):
            cut_font(path, "".join(sorted(icons)))


def load_what_is_shown(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Let a page with a chart load the library that draws it, and formulas theirs."""
    if 'class="course-chart"' in context.get("body", ""):
        app.add_js_file("vega.js")
    # Sphinx counts the formulas of all pages below one, and the first has all below it.
    if not app.env.get_domain("math").data["has_equations"].get(page):
        scripts = context.get("script_files", [])
        scripts[:] = [one for one in scripts if not draws_formulas(one)]


def draws_formulas(script: Any) -> bool:
    """Whether a script of a page is MathJax or what sets it up.

    >>> from types import SimpleNamespace
    >>> draws_formulas(SimpleNamespace(filename="a/mathjax/b.js", attributes={}))
    True
    >>> draws_formulas(SimpleNamespace(filename="course.js", attributes={}))
    False
    """
    text = f"{script.filename} {script.attributes.get('body', '')}"
    return "mathjax" in text.lower()


def finish(app: Sphinx, error: Exception | None) -> None:
    """Trim what has been built."""
    if error is None and app.builder.format == "html":
        trim(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    """Add both to Sphinx."""
    app.connect("html-page-context", load_what_is_shown)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
