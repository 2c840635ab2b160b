"""What the assignments give each student: numbers of their own, new every year.

All derives from the student's id, the year and the name of the task. A copied answer is
therefore wrong for its copier, and a graded test can say what is right for anyone.
"""

import hashlib
from typing import Any

import numpy as np


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
