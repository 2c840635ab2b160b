"""The quiz at a chapter's end: questions as JSON, shown by jupyterquiz.

Each file beside this one is a list of questions in jupyterquiz's own format, in which
every option carries the reason why it is right or wrong.
"""

import json
from importlib.resources import files

from jupyterquiz import display_quiz

#: In place of jupyterquiz's own where letters would not stand out enough: white on the
#: question, green on the page.
COLORS = {"--jq-many-choice-bg": "#8a3502", "--jq-correct-color": "#00780f"}


def quiz(chapter: str) -> None:
    """Show the quiz of a chapter, for example that of `softmax`.

    >>> quiz("softmax")  # a notebook shows the questions
    <IPython.core.display.HTML object>
    <IPython.core.display.Javascript object>
    """
    text = (files(__package__) / f"{chapter}.json").read_text(encoding="utf-8")
    display_quiz(json.loads(text), colors=COLORS)
