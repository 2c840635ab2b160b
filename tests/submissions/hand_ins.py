"""What twelve students hand in of one assignment, and what each of them deserves.

Wrong answers and their price are those that the assignment's own tests know. A hostile
notebook has no right answer of its own: it earns points only if its attack succeeds.
"""

import ast
import re
from dataclasses import dataclass, field

from homework.softmax_and_kl import RIGHT, WRONG

from course_lib import losses
from course_lib.checks.homework_softmax_and_kl import critics
from submissions.answers import (
    EMMYS,
    ENDLESS,
    FORGED,
    LEFT,
    MASKED,
    ODDS,
    RENAMED,
    SHAPES,
    SLOW_MASKED,
    SLOW_TABLE,
    STOLEN,
    TABLE,
    WORDS,
)

NAME, YEAR = "softmax-and-kl", 2026
POINTS = {
    "masked_softmax": 4,
    "odds_temperature": 3,
    "guess_heat": 1,
    "flattest": 2,
    "kl_table": 4,
    "nearest": 2,
}
READ = 4  # points for what is answered in words


@dataclass
class HandIn:
    """A notebook, where it lies, whose it says it is, and what it does not get."""

    what: str  # in words, for the table that instructors read
    place: str  # a path in the folder, or in an archive after its name
    name: str  # how the grader calls the student
    number: str
    id: str
    answers: dict = field(default_factory=dict)  # question or "words" → source
    lost: dict = field(default_factory=dict)  # question → points
    notes: str = ""  # words that the last column must have
    added: list = field(default_factory=list)  # cells
    edit: object = None  # from the file's text to another


def filled(question, body):
    """The stub of a function with its dots replaced."""
    return "def " + question + SHAPES[question] + ":\n" + body


def right(student, functions):
    """Right answers, with the numbers of this student's own critics."""
    cold, hot, near, reverse = numbers(student)
    return {
        "guess_heat": "guess_heat = 3",
        "flattest": f"flattest_cold, flattest_hot = {cold}, {hot}",
        "nearest": f"nearest, nearest_reverse = {near}, {reverse}",
    } | functions


def ada():
    """Ada's answers, where she has looked at numbers before she wrote hers down."""
    cold, hot, near, reverse = numbers("ada-1815")
    look = (
        "for T in (0.5, 3.0):\n"
        "    print([losses.entropy(logits[[i]], T).item() for i in range(4)])\n"
    )
    return {
        "masked_softmax": filled("masked_softmax", MASKED),
        "odds_temperature": filled("odds_temperature", ODDS),
        "guess_heat": "guess_heat = 3",
        "flattest": f"{look}flattest_cold = {cold}\nflattest_hot = {hot}",
        "kl_table": filled("kl_table", TABLE),
        "nearest": "print(kl_table(logits, logits))\n"
        f"nearest = {near}\nnearest_reverse = {reverse}",
        "words": WORDS,
    }


def numbers(student):
    """What is true of a student's own critics."""
    z = critics(student, YEAR)
    found = []
    for T in (0.5, 3.0):
        entropies = [losses.entropy(z[[i]], T).item() for i in range(4)]
        found.append(entropies.index(max(entropies)))
    for turn in (1, -1):
        costs = [losses.kl_divergence(*(z[[0]], z[[i]])[::turn]) for i in (1, 2, 3)]
        found.append(1 + costs.index(min(costs)))
    return found


def variant(variants, name):
    """The functions of an answer that the assignment's tests know, and its price."""
    source, *lost = next(v[1:] for v in variants if v[0].startswith(name))
    functions = {
        node.name: ast.get_source_segment(source, node)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }
    return functions, *lost


def wrong(*names):
    """The functions with these mistakes, and what all of them cost."""
    answers, lost = {}, {}
    for name in names:
        functions, price = variant(WRONG, name)
        answers |= functions
        lost |= price
    return answers, lost


def copied(student):
    """Ada's answers with other names, and with Ada's numbers."""
    ours, theirs = numbers(student), numbers("ada-1815")
    assert all(a != b for a, b in zip(ours, theirs, strict=True)), (ours, theirs)
    answers = ada()
    for question in answers.keys() - {"words"}:
        for old, new in RENAMED.items():
            answers[question] = re.sub(rf"\b{old}\b", new, answers[question])
    return answers


def hand_ins():
    """The twelve."""
    in_loops, in_place, functional, _ = (variant(RIGHT, v[0])[0] for v in RIGHT)
    first = {"masked_softmax", "odds_temperature", "guess_heat"}
    half = {k: v for k, v in right("erdos-1913", in_loops).items() if k in first}
    emmy, emmy_lost = wrong("normalised after the softmax: a", "p and q swapped")
    emmy["odds_temperature"] = filled("odds_temperature", EMMYS)
    niels, niels_lost = wrong("exponentials", "T upside down", "p log p of a p")
    niels["guess_heat"], niels_lost["guess_heat"] = "guess_heat = 0.4", 1
    missing = dict(POINTS)
    slow = {
        "masked_softmax": filled("masked_softmax", SLOW_MASKED),
        "odds_temperature": filled("odds_temperature", ENDLESS),
        "kl_table": filled("kl_table", SLOW_TABLE),
    }
    gone = in_place | {"kl_table": filled("kl_table", LEFT)}
    file = f"{NAME}.ipynb"
    moodle, canvas = "moodle.zip/{}_{}_assignsubmission_file_/{}", "canvas.zip/{}"
    return [
        HandIn(
            "complete and right",
            moodle.format("Ada Lovelace", 101, file),
            "Ada Lovelace",
            "101",
            "ada-1815",
            ada(),
        ),
        HandIn(
            "right in another style, with cells added",
            moodle.format("Guillaume de l'Hôpital", 102, "my solution (2).ipynb"),
            "Guillaume de l'Hôpital",
            "102",
            "hopital-1661",
            right("hopital-1661", functional),
            added=["import torch.nn.functional as F", "my_note = 'check T = 1 again'"],
        ),
        HandIn(
            "half done",
            moodle.format("Paul Erdős", 103, file),
            "Paul Erdős",
            "103",
            "erdos-1913",
            half,
            {k: v for k, v in POINTS.items() if k not in first},
        ),
        HandIn(
            "two typical mistakes",
            canvas.format(f"noetheremmy_104_9001_{file}"),
            "noetheremmy",
            "104",
            "noether-1882",
            right("noether-1882", emmy),
            emmy_lost,
        ),
        HandIn(
            "late, with four typical mistakes",
            canvas.format(f"abelniels_LATE_105_9002_{NAME}-1.ipynb"),
            "abelniels",
            "105",
            "abel-1802",
            right("abel-1802", niels),
            niels_lost,
        ),
        HandIn(
            "as it was given out",
            canvas.format(f"turingalan_106_9003_{file}"),
            "turingalan",
            "106",
            "",
            {},
            missing,
        ),
        HandIn(
            "broken off in the middle: no longer a notebook",
            "Évariste Galois.ipynb",
            "Évariste Galois",
            "",
            "",
            right("galois-1811", in_loops),
            missing,
            "not a notebook",
            edit=lambda text: text[: len(text) // 2],
        ),
        HandIn(
            "right, but for a search that never ends",
            "Sisyphus.ipynb",
            "Sisyphus",
            "",
            "sisyphus",
            right("sisyphus", slow),
            {"odds_temperature": 3},
            "odds_temperature took longer than",
        ),
        HandIn(
            "right, but for a function that ends Python",
            "Trudy.ipynb",
            "Trudy",
            "",
            "trudy",
            right("trudy", gone),
            {"kl_table": 4},
            "kl_table ended its process",
        ),
        HandIn(
            "patches PyTorch, `int` and the grader, and forges results",
            "Mallory.ipynb",
            "Mallory",
            "",
            "mallory",
            {},
            missing,
            added=[FORGED],
        ),
        HandIn(
            "looks for hidden tests on the disk and in the network",
            "Eve.ipynb",
            "Eve",
            "",
            "eve",
            {},
            missing,
            added=[STOLEN],
        ),
        HandIn(
            "a copy of Ada's with other names",
            "Bob's homework (final) (2).ipynb",
            "Bob's homework (final) (2)",
            "",
            "bob-7",
            copied("bob-7"),
            {"flattest": 2, "nearest": 2},
        ),
    ]
