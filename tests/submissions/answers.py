"""Pieces of what is handed in: function bodies, words, and two attacks."""

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
