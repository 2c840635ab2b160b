"""What the assignments give each student: numbers of their own, new every year.

All derives from the student's id, the year and the name of the task. A copied answer is
therefore wrong for its copier, and a graded test can say what is right for anyone.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.checks import check
from course_lib.checks.expect import require


def seeded(student: Any, year: int, task: str) -> np.random.Generator:
    """Return the random numbers of one student for one task of one year.

    An id is the same with capitals and without, and may be a number. The dots that an
    empty notebook has for an id give numbers as well, which belong to nobody.

    >>> one, same = (seeded(name, 2026, "kl") for name in ("AB12", " ab12 "))
    >>> bool(one.random() == same.random())
    True
    >>> bool(seeded("ab12", 2027, "kl").random() == seeded("ab12", 2026, "kl").random())
    False
    """
    name = "" if student is ... or student is None else str(student).strip().casefold()
    text = f"{name}\n{year}\n{task}".encode()
    return np.random.default_rng(list(hashlib.sha256(text).digest()))


def own(student: Any) -> str:
    """Return a student's id, or say that there is none yet.

    >>> own(" ab12 ")
    'ab12'
    >>> own(...)
    Traceback (most recent call last):
    ValueError: student is Ellipsis; expected your student id, as in
    student = "ab12", in the cell above the first question.
    """
    name = "" if student is ... or student is None else str(student).strip()
    if not name:
        raise ValueError(
            f"student is {student!r}; expected your student id, as in "
            'student = "ab12", in the cell above the first question.'
        )
    return name


@check("Written down. Whether it is right does not matter; that you looked does.")
def guess(number: Any, low: float, high: float) -> None:
    """Whether somebody has guessed a number from `low` to `high`.

    >>> guess(2.5, 1, 5)
    ✅ Written down. Whether it is right does not matter; that you looked does.
    >>> guess(7, 1, 5)
    ❌ You guessed 7; expected a number from 1 to 5.
    >>> guess(..., 1, 5)
    ✏️ Not done yet: replace the dots.
    """
    _within("You guessed", number, low, high)


@check("An answer. Whether it is the right one, you learn when this is graded.")
def between(number: Any, low: float, high: float) -> None:
    """Whether an answer is a number from `low` to `high`.

    >>> between(31, 0, 1)
    ❌ You have 31; expected a number from 0 to 1.
    """
    _within("You have", number, low, high)


@check("An answer. Whether it is the right one, you learn when this is graded.")
def one_of(choices: Sequence[Any], *answers: Any) -> None:
    """Whether each answer is one of some choices.

    >>> one_of(["better", "worse"], "much better")
    ❌ You have 'much better'; expected one of 'better', 'worse'.
    """
    for answer in answers:
        one = answer.item() if hasattr(answer, "item") else answer
        known = ", ".join(map(repr, choices))
        fits = not isinstance(one, bool) and one in choices
        require(fits, f"You have {one!r}; expected one of {known}.")


def _within(said: str, number: Any, low: float, high: float) -> None:
    one = number.item() if hasattr(number, "item") and np.size(number) == 1 else number
    is_number = isinstance(one, int | float) and not isinstance(one, bool)
    came = f"{one:g}" if is_number else type(number).__name__
    fits = is_number and low <= one <= high
    require(fits, f"{said} {came}; expected a number from {low:g} to {high:g}.")
