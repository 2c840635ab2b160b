"""Write `tests/submissions/twelve`: what a class may hand in. Run it by `make samples`.

All of it is made from the master of one assignment, so that it is of today: a test
compares what lies there with what this would write. What each deserves is said here,
beside what is handed in, and written to `expected.csv`; wrong answers and their price
are those that the assignment's own tests know.
"""

import ast
import copy
import csv
import io
import json
import re
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from homework.softmax_and_kl import RIGHT, WRONG

from course_lib import losses
from course_lib.checks.homework_softmax_and_kl import critics
from coursework.build import MASTERS, build
from submissions.samples import code, tags

NAME, YEAR = "softmax-and-kl", 2026
FOLDER = Path(__file__).parent / "twelve"
POINTS = {
    "masked_softmax": 4,
    "odds_temperature": 3,
    "guess_heat": 1,
    "flattest": 2,
    "kl_table": 4,
    "nearest": 2,
}
READ = 4  # points for what is answered in words
SHAPES = {
    "masked_softmax": "(logits, allowed)",
    "odds_temperature": "(logits, odds)",
    "kl_table": "(p_logits, q_logits)",
}

MASKED = """\
    barred = logits.masked_fill(~allowed, -math.inf)
    barred = barred - barred.max(dim=-1, keepdim=True).values
    weights = barred.exp()
    return weights / weights.sum(dim=-1, keepdim=True)"""
ODDS = """\
    ordered = logits.sort(dim=-1, descending=True).values
    gap = ordered[:, 0] - ordered[:, 1]
    return gap / math.log(odds)"""
TABLE = """\
    rows = []
    log_q = q_logits.log_softmax(dim=-1)
    for log_p in p_logits.log_softmax(dim=-1):
        surprise = log_p.exp() * (log_p - log_q)
        rows.append(surprise.sum(dim=-1))
    return torch.stack(rows)"""
WORDS = (
    "When it is cold only the logits at the top count: a critic whose two best are "
    "close cannot decide between them. When it is hot the range of all five counts, "
    "and the critic whose logits lie within the smallest range is the flattest.",
    "KL(p, q) multiplies by what the chief finds likely, so an apprentice who rules "
    "that out pays for it. KL(q, p) multiplies by what the apprentice finds likely. "
    "I would take the first, because it asks the apprentice to cover all of the chief.",
)
#: Bob has given other names to what he did not write.
RENAMED = {
    "barred": "z",
    "weights": "e",
    "ordered": "best_first",
    "gap": "difference",
    "rows": "result",
    "log_q": "lq",
    "log_p": "lp",
    "surprise": "cost",
}

FORGED = """
import builtins, json, pathlib, otter
from course_lib import homework
from course_lib.checks import expect, homework_softmax_and_kl

class Agreeable:
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    def __abs__(self): return self
    def __bool__(self): return True
    def __int__(self): return 1
    def __call__(self, *args, **kwargs): return Agreeable()
    def __getattr__(self, name): return lambda *a, **k: Agreeable()

otter.Notebook.check = lambda *a, **k: "All test cases passed!"
expect.close = expect.call = homework.one_of = lambda *a, **k: Agreeable()
torch.allclose = torch.equal = lambda *a, **k: True
torch.Tensor.__eq__ = torch.Tensor.all = lambda *a, **k: Agreeable()
builtins.abs = builtins.int = lambda *a: Agreeable()
masked_softmax = odds_temperature = kl_table = Agreeable()
guess_heat = flattest_cold = flattest_hot = Agreeable()
nearest = nearest_reverse = Agreeable()
score = json.dumps({"tests": [{"name": "kl_table", "score": 4, "max_score": 4}]})
for place in ["results.json", "/autograder/results/results.json"]:
    try:
        pathlib.Path(place).write_text(score)
    except OSError:
        pass
print(score, "kl_table results: All test cases passed!")
"""
STOLEN = """
import pathlib, urllib.request
import course_lib

loot = []
above = pathlib.Path(course_lib.__file__).resolve().parents[1]
for place in [above, above / "_build", pathlib.Path("/root"), pathlib.Path("/home")]:
    for pattern in ["notebooks/homework/*", "homework/*/*/*", "grades/*", "*.ipynb"]:
        try:
            loot += [p.read_bytes() for p in place.glob(pattern) if p.is_file()]
        except OSError:
            pass
try:
    loot.append(urllib.request.urlopen("https://example.org", timeout=5).read())
except OSError:
    pass
if loot:  # the points would say that something was found
    guess_heat = 3
"""
EMMYS = """\
    best, second = logits.topk(2).values.T
    return (best - second) / math.log(odds)"""
SLOW_MASKED = """\
    return torch.where(allowed, logits, -math.inf).softmax(-1)"""
SLOW_TABLE = """\
    kl = torch.nn.KLDivLoss(reduction="none", log_target=True)
    table = torch.empty(len(p_logits), len(q_logits))
    for j in range(len(q_logits)):
        ours = q_logits[j].log_softmax(-1).expand_as(p_logits)
        table[:, j] = kl(ours, p_logits.log_softmax(-1)).sum(1)
    return table"""
ENDLESS = """\
    T = torch.ones(len(logits))
    while True:  # until it is right
        best = (logits / T[:, None]).softmax(-1).topk(2).values
        if (best[:, 0] / best[:, 1] == odds).all():
            return T
        T = T * (1 + 1e-9)"""
LEFT = """\
    import os

    os._exit(0)  # no error, no lost points?"""


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
            "late, with four others",
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


def text(one, template):
    """The file of one, made from the notebook that students get."""
    made = copy.deepcopy(template)
    cells = made["cells"]
    if one.id:
        [whose] = [c for c in cells if "".join(c["source"]).startswith("student = ...")]
        whose["source"] = f'student = "{one.id}"\nyear = {YEAR}'
    words = list(one.answers.get("words", ()))
    place = None
    for cell in cells:
        if {"otter_answer_cell", "otter_assign_solution_cell"} & set(tags(cell)):
            place = cell
            if cell["cell_type"] == "markdown" and words:
                cell["source"] = words.pop(0)
        checked = re.fullmatch(r'grader.check\("(\w+)"\)', "".join(cell["source"]))
        if checked and checked[1] in one.answers:
            place["source"] = one.answers[checked[1]]
    # Before the first question, so that a later one may use them, and at the end.
    for number, source in enumerate(one.added):
        new = code(source.strip()) | {"id": f"added-{number}"}
        cells.insert(6 if number == 0 else len(cells), new)
    found = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    return one.edit(found) if one.edit else found


def files():
    """All files of the folder, by name."""
    ones = hand_ins()
    with tempfile.TemporaryDirectory() as place:
        folder = build(MASTERS / f"{NAME}.ipynb", YEAR, Path(place))
        template = json.loads((folder / "student" / f"{NAME}.ipynb").read_text("utf-8"))
    made, archives = {}, {}
    for one in ones:
        archive, inside, name = one.place.partition(".zip/")
        data = text(one, template).encode()
        if inside:
            archives.setdefault(f"{archive}.zip", {})[name] = data
        else:
            made[one.place] = data
    made |= {name: zipped(content) for name, content in archives.items()}
    return made | {"expected.csv": table(ones).encode()}


def zipped(content):
    """An archive with the same bytes everywhere and always."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return file.getvalue()


def table(ones):
    """What each deserves, as the grader's own table has it."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    start = ["handed_in", "student", "number", "file", "says", "total", "out_of"]
    rows.writerow([*start, *POINTS, "notes"])
    for one in sorted(ones, key=lambda one: one.place):
        earned = [most - one.lost.get(q, 0) for q, most in POINTS.items()]
        about = [one.what, one.name, one.number, one.place, one.id]
        sums = [sum(earned), sum(POINTS.values()) + READ]
        rows.writerow([*about, *sums, *earned, one.notes])
    return file.getvalue()


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, data in files().items():
        (FOLDER / name).write_bytes(data)
        print(FOLDER / name)


if __name__ == "__main__":
    main()
