"""Exercises that check themselves: one module per chapter.

A check takes what the reader wrote, tries it, and returns a `Result` that says in words
what is right, what is not yet, and for which input. It never raises because of the
reader's code: an exercise that is not done yet must not stop the notebook.
"""

import functools
import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course_lib.checks.expect import Open, Wrong


@dataclass(frozen=True)
class Result:
    """What a check found. True if the exercise is solved."""

    state: str  # "solved", "not yet" or "open"
    message: str

    def __bool__(self) -> bool:
        return self.state == "solved"

    def __repr__(self) -> str:
        return f"{MARKS[self.state]} {self.message}"

    def _repr_html_(self) -> str:
        kind = self.state.replace(" ", "-")
        message = html.escape(self.message)
        return f'<p class="check check-{kind}">{MARKS[self.state]} {message}</p>'


MARKS = {"solved": "✅", "not yet": "❌", "open": "✏️"}


def check(praise: str) -> Callable[[Callable[..., None]], Callable[..., Result]]:
    """Turn a function that raises `Wrong` into a check that returns a `Result`.

    `praise` is what a solved exercise says. An answer of `...` or None is open, and so
    is a function that returns one of them.

    >>> from course_lib.checks.expect import call, same
    >>> @check("Right: twice the number.")
    ... def doubles(function):
    ...     same(call(function, 3), 6, "x = 3", {"That is its square.": 9})
    >>> doubles(lambda x: x * x)
    ❌ For x = 3 you returned 9; expected 6. That is its square.
    """

    def decorate(test: Callable[..., None]) -> Callable[..., Result]:
        @functools.wraps(test)
        def run(*answers: Any) -> Result:
            if any(answer is None or answer is ... for answer in answers):
                return Result("open", "Not done yet: replace the dots.")
            try:
                test(*answers)
            except Open:
                return Result("open", "Not done yet: replace the dots.")
            except Wrong as wrong:
                return Result("not yet", str(wrong))
            except Exception as error:
                return Result(
                    "not yet", f"Your code raised {type(error).__name__}: {error}"
                )
            return Result("solved", praise)

        return run

    return decorate
