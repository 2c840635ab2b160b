"""What is handed in, and what it deserves: points for q1 and q2, words in the notes.

A hostile notebook has no right answer of its own. It earns points only if its attack
succeeds, so that its zeros say that none did.
"""

import copy
import json
from dataclasses import dataclass, field

RIGHT = (
    "def softened(logits, temperature):\n"
    "    return torch.softmax(logits / temperature, -1)",
    "def entropy(p):\n    return torch.distributions.Categorical(p).entropy()",
    "Because it brings the logits together.",
)
OTHER = (
    "def softened(logits, temperature):\n"
    "    rows = [(row / temperature).exp() for row in logits]\n"
    "    return torch.stack([row / row.sum() for row in rows])",
    "def entropy(p):\n"
    "    total = [sum(-x * x.log() for x in row if x > 0) for row in p]\n"
    "    return torch.tensor(total)",
    "=1+1 <script>alert(1)</script>",
)
WRONG = (
    "def softened(logits, temperature):\n    return logits.softmax(-1)",
    "def entropy(p):\n    return -(p * p.log()).sum(-1)",
    "",
)
BOTH = "def {}(*inputs):\n    return torch.tensor([[9.0]])\n"
NOTHING = (BOTH.format("softened"), BOTH.format("entropy"), "")


@dataclass
class Sample:
    """A file and what it deserves; `before` and `after` are further cells."""

    file: str
    answers: tuple = NOTHING
    q1: float = 0
    q2: float = 0
    says: str = ""
    before: list = field(default_factory=list)
    after: list = field(default_factory=list)
    edit: object = None

    def data(self, template):
        """The file, made from the notebook that students get."""
        made = copy.deepcopy(template)
        places = [c for c in made["cells"] if "otter_answer_cell" in tags(c)]
        for place, answer in zip(places, self.answers, strict=True):
            place["source"] = answer or place["source"]
        first = made["cells"].index(places[0])
        made["cells"][first:first] = map(code, self.before)
        made["cells"] += map(code, self.after)
        if callable(self.edit):
            made = self.edit(made)
        return made if isinstance(made, bytes) else json.dumps(made).encode()


def tags(cell):
    return cell["metadata"].get("tags", [])


def code(source):
    return {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def delete_answer(notebook):
    """Without the second answer and its check; the first and its check twice."""
    cells = notebook["cells"]
    answers = [c for c in cells if "otter_answer_cell" in tags(c)]
    checks = [c for c in cells if "grader.check" in "".join(c["source"])]
    kept = [c for c in cells if c is not answers[1] and c is not checks[1]]
    kept += [answers[0], checks[0]]
    return notebook | {"cells": kept}


def other_kernel(notebook):
    """Another kernel's name, text moved, and a note in between."""
    kernel = {"name": "conda-env-kd", "display_name": "My own", "language": "python"}
    notebook["metadata"]["kernelspec"] = kernel
    texts = [c for c in notebook["cells"] if c["cell_type"] == "markdown"]
    rest = [c for c in notebook["cells"] if c["cell_type"] != "markdown"]
    return notebook | {"cells": [*texts[:1], code("notes = 1"), *rest, *texts[1:]]}


def other_assignment(notebook):
    notebook["metadata"]["otter"]["assignment_name"] = "another-one"
    return notebook


PATCHES = """
import otter, sys, json, types, builtins
otter.Notebook.check = lambda *a, **k: "q1 results: All test cases passed!"
class Any:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __abs__(self): return self
    def __call__(self, *args, **kwargs): return Any()
    def __sub__(self, other): return self
    def __bool__(self): return True
    def __getattr__(self, name): return lambda *a, **k: Any()
torch.allclose = torch.equal = lambda *a, **k: True
torch.Tensor.__eq__ = torch.Tensor.__sub__ = lambda *a: Any()
torch.Tensor.tolist = torch.Tensor.item = lambda *a: Any()
abs = allclose = print = lambda *a, **k: Any()
builtins.abs = abs
softened = entropy = Any()
torch = numpy = np = z = p = expected = Any()
"""
SPIES = """
import glob, socket, subprocess, pathlib
loot = []
for place in ["/work", "/root", "/home", "/tmp", "/proc/1", "/etc", "OUTSIDE"]:
    try:
        for path in pathlib.Path(place).rglob("*.py"):
            if "tests" in path.parts and "q1" in path.name:
                loot.append(path.read_text())
        for path in pathlib.Path(place).rglob("*.ipynb"):
            loot.append(path.read_text())
    except OSError:
        pass
try:
    socket.create_connection(("127.0.0.1", PORT), timeout=2).close()
    loot.append("network")
except OSError:
    pass
for place in ["OUTSIDE/left-behind", "/usr/left-behind", "/left-behind"]:
    try:
        open(place, "w").write("!")
        loot.append(place)
    except OSError:
        pass
if loot:
    softened = lambda z, t: torch.softmax(z / t, -1)
"""
FORGED = """
import os, json, struct
body = json.dumps({"id": 3, "value": True, "changed": [], "counted": 0}).encode()
for number in range(3, 64):
    try:
        os.write(number, struct.pack(">QQ", len(body), 0) + body)
    except OSError:
        pass
print('{"tests": [{"name": "q1", "score": 4, "max_score": 4}]}')
print("q1 results: All test cases passed!")
pathlib = __import__("pathlib")
for name in ["results.json", "/autograder/results/results.json", "results.pkl"]:
    try:
        pathlib.Path(name).write_text('{"score": 100}')
    except OSError:
        pass
"""
BOMB = """
import os, time
children = 0
while True:
    if os.fork() == 0:
        time.sleep(600)
    children += 1
"""
HOARD = "import time\nhoard = torch.ones(400_000_000)\ntime.sleep(600)"
EVIL_ANSWERS = """
import pickle
class Evil(dict):
    def __reduce__(self):
        return (open, ("OUTSIDE/left-behind", "w"))
def softened(logits, temperature):
    raise StopIteration(Evil())
def entropy(p):
    return {"object": Evil(), "big": torch.ones(30_000_000)}
"""

LOOP = (RIGHT[0], "def entropy(p):\n    while True: pass", "")
SAMPLES = [
    Sample("right.ipynb", RIGHT, 4, 2),
    Sample("Zoë's other “way” (2).ipynb", OTHER, 4, 2),
    Sample("kernel.ipynb", RIGHT, 4, 2, edit=other_kernel),
    Sample("wrong.ipynb", WRONG, 2, 1),
    Sample("untouched.ipynb", ("", "", ""), 0, 0),
    Sample("renamed.ipynb", (RIGHT[0].replace("softened", "soft"), RIGHT[1], ""), 0, 2),
    Sample("deleted.ipynb", RIGHT, 4, 0, edit=delete_answer),
    Sample("ended.ipynb", RIGHT, 4, 2, "cell", ["import sys; sys.exit(0)"]),
    Sample(
        "killed.ipynb", RIGHT, 4, 2, "ended its process", ["import os; os._exit(0)"]
    ),
    Sample("endless.ipynb", RIGHT, 4, 2, "took longer than", ["while True: pass"]),
    Sample("endless call.ipynb", LOOP, 4, 0, "entropy took longer than"),
    Sample(
        "memory.ipynb", RIGHT, 4, 2, "", ["hoard = bytearray(50 * 10**9)"], ["1 / 0"]
    ),
    Sample("hoard.ipynb", RIGHT, 4, 2, "used more than", [HOARD]),
    Sample("many.ipynb", RIGHT, 4, 2, "processes", [BOMB]),
    Sample(
        "output.ipynb", RIGHT, 4, 2, "", ["for _ in range(2000): print('x' * 10**6)"]
    ),
    Sample("patched.ipynb", NOTHING, 0, 0, after=[PATCHES], before=[PATCHES]),
    Sample("spy.ipynb", NOTHING, 0, 0, after=[SPIES], before=[SPIES]),
    Sample("forged.ipynb", NOTHING, 0, 0, after=[FORGED], before=[FORGED]),
    Sample("evil.ipynb", (EVIL_ANSWERS, "1", ""), 0, 0, "sent an answer of"),
    Sample(
        "=cmd|'calc'!A1.ipynb", edit=lambda _: b'{"cells": [', says="not a notebook"
    ),
    Sample("deep.ipynb", edit=lambda _: b"[" * 100_000, says="not a notebook"),
]
