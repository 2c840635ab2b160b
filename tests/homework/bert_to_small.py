"""Wrong and right answers to the assignment on BERT's soft targets."""

ANSWERS = """
def answers_for(texts, known, logits):
    rows = []
    for text in texts:
        if text not in known:
            raise ValueError(f"nothing was said of {text}")
        rows.append(logits[known.index(text)])
    return torch.stack(rows)
"""
INT8 = """
def to_int8(logits):
    scales = logits.abs().max(0).values / 127
    codes = (logits / scales.clamp(min=1e-12)).round()
    return codes.to(torch.int8), scales
"""
WEIGHT = """
def best_weight(a, b, labels):
    costs = []
    for w in torch.linspace(0, 1, 101):
        costs.append(F.cross_entropy(w * a + (1 - w) * b, labels).item())
    return costs.index(min(costs)) / 100
"""
LEARNT = """
def learnt(counts, soft, T):
    torch.manual_seed(0)
    layer = nn.Linear(counts.shape[1], soft.shape[1])
    lbfgs = torch.optim.LBFGS(layer.parameters(), max_iter=300)

    def cost():
        lbfgs.zero_grad()
        loss = losses.soft_target_loss(layer(counts), soft, T)
        loss.backward()
        return loss

    lbfgs.step(cost)
    return layer.requires_grad_(False)
"""


def mistaken(code, old, new):
    assert code.count(old) == 1
    return code.replace(old, new)


WRONG = [
    (
        "paired by their place (9)",
        """
def answers_for(texts, known, logits):
    return logits[: len(texts)]
""",
        {"answers_for": 4},
    ),
    (
        "in the order of the file (9)",
        """
def answers_for(texts, known, logits):
    return logits[[i for i, text in enumerate(known) if text in texts]]
""",
        {"answers_for": 4},
    ),
    (
        "what nobody knows becomes zeros",
        """
def answers_for(texts, known, logits):
    said = dict(zip(known, logits))
    return torch.stack([said.get(t, torch.zeros_like(logits[0])) for t in texts])
""",
        {"answers_for": 1},
    ),
    (
        "an error that names no text",
        mistaken(ANSWERS, 'f"nothing was said of {text}"', '"unknown"'),
        {"answers_for": 1},
    ),
    (
        "one scale for all columns",
        mistaken(INT8, "logits.abs().max(0).values / 127", "logits.abs().max() / 127"),
        {"to_int8": 3},
    ),
    (
        "cut off, not rounded",
        mistaken(INT8, ".round()", ""),
        {"to_int8": 3},
    ),
    (
        "128 codes, of which int8 lacks one",
        mistaken(INT8, "/ 127", "/ 128"),
        {"to_int8": 4},
    ),
    (
        "the largest logit, with its sign",
        mistaken(INT8, "logits.abs().max(0)", "logits.max(0)"),
        {"to_int8": 3},
    ),
    (
        "the weight of b",
        WEIGHT + "\n_w = best_weight\nbest_weight = lambda a, b, y: 1 - _w(a, b, y)\n",
        {"best_weight": 3},
    ),
    (
        "by accuracy",
        mistaken(
            WEIGHT,
            "F.cross_entropy(w * a + (1 - w) * b, labels).item()",
            "-((w * a + (1 - w) * b).argmax(-1) == labels).float().mean().item()",
        ),
        {"best_weight": 3},
    ),
    (
        "probabilities mixed, where logits were asked for",
        mistaken(
            WEIGHT,
            "F.cross_entropy(w * a + (1 - w) * b, labels)",
            "F.nll_loss((w * a.softmax(-1) + (1 - w) * b.softmax(-1)).log(), labels)",
        ),
        {"best_weight": 3},
    ),
    (
        "learned from the argmax",
        mistaken(
            LEARNT,
            "losses.soft_target_loss(layer(counts), soft, T)",
            "F.cross_entropy(layer(counts), soft.argmax(-1))",
        ),
        {"learnt": 3},
    ),
    (
        "only the teacher is heated",
        mistaken(
            LEARNT,
            "losses.soft_target_loss(layer(counts), soft, T)",
            "losses.kl_divergence(soft / T, layer(counts))",
        ),
        {"learnt": 3},
    ),
    (
        "stopped after one step",
        mistaken(LEARNT, "max_iter=300", "max_iter=1"),
        {"learnt": 4},
    ),
    (
        "no bias",
        mistaken(LEARNT, "soft.shape[1])", "soft.shape[1], bias=False)"),
        {"learnt": 3},
    ),
    (
        "another start each time",
        mistaken(LEARNT, "torch.manual_seed(0)", "torch.seed()"),
        {"learnt": 1},
    ),
    ("a share in per cent", "share_doubtful = 100 * share_doubtful", {"doubtful": 2}),
    ("the first temperature of all", "below_T = 1.0", {"cooler_than": 2}),
    ("a probability for a percentage", "guess_sure = 0.62", {"guess_sure": 1}),
]

RIGHT = [
    ("by indices, a search, a grid and LBFGS", ANSWERS + INT8 + WEIGHT + LEARNT),
    (
        "in numpy, in doubles, by bisection",
        """
import numpy as np


def answers_for(texts, known, logits):
    order = np.argsort(known)
    names = np.array(known)[order]
    places = np.searchsorted(names, texts).clip(max=len(names) - 1)
    for text, place in zip(texts, places):
        if names[place] != text:
            raise ValueError("no answer for " + text)
    return torch.tensor(logits.numpy()[order[places]])


def to_int8(logits):
    scales = torch.empty(logits.shape[1], dtype=torch.float64)
    codes = torch.zeros(logits.shape, dtype=torch.int8)
    for j in range(logits.shape[1]):
        column = logits[:, j].double()
        scales[j] = max(abs(x) for x in column.tolist()) / 127
        if scales[j] > 0:
            codes[:, j] = (column / scales[j]).round().to(torch.int8)
    return codes, scales


def best_weight(a, b, labels):
    rows = torch.arange(len(labels))
    d = (a - b).double()

    def slope(w):
        p = (w * d + b).softmax(-1)
        return ((p * d).sum(-1) - d[rows, labels]).mean().item()

    low, high = 0.0, 1.0
    if slope(0) >= 0:
        return 0
    if slope(1) <= 0:
        return 1
    for _ in range(40):
        w = (low + high) / 2
        low, high = (low, w) if slope(w) > 0 else (w, high)
    return torch.tensor(w)


def learnt(counts, soft, T):
    x = torch.cat([counts, torch.ones(len(counts), 1)], 1).double()
    square = x.T @ x + 1e-9 * torch.eye(x.shape[1])
    solved = torch.linalg.lstsq(square, x.T @ soft.double())
    return lambda new: (
        torch.cat([new, torch.ones(len(new), 1)], 1).double() @ solved.solution
    )
""",
    ),
    (
        "a class, plain gradient descent, in place",
        """
class Counter(nn.Module):
    def __init__(self, words, classes):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(words, classes))
        self.b = nn.Parameter(torch.zeros(classes))

    def forward(self, x):
        return x @ self.w + self.b


def learnt(counts, soft, T):
    model = Counter(counts.shape[1], soft.shape[1])
    sgd = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
    for _ in range(800):
        log_q = (model(counts) / T).log_softmax(-1)
        loss = F.kl_div(log_q, (soft / T).softmax(-1), reduction="batchmean")
        sgd.zero_grad()
        (T**2 * loss).backward()
        sgd.step()
    model.requires_grad_(False)
    return model.forward


def to_int8(logits):
    scales = logits.abs().amax(0).div_(127)
    logits /= scales
    return logits.nan_to_num_(0).round_().char(), scales


def best_weight(a, b, labels):
    logit = torch.zeros((), requires_grad=True)
    adam = torch.optim.Adam([logit], lr=0.1)
    for _ in range(400):
        w = logit.sigmoid()
        loss = F.cross_entropy(w * a + (1 - w) * b, labels)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return logit.sigmoid().item()


share_doubtful = torch.tensor(share_doubtful)
guess_sure = 61.5
below_T = torch.tensor(below_T).item()
""",
    ),
]
