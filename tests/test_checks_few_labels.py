import numpy as np
import pytest
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import few_labels as check
from course_lib.losses import soft_target_loss

pytestmark = pytest.mark.filterwarnings("ignore:invalid value")


def pair(z):
    return np.stack([-z / 2, z / 2], 1)


def draw(labels, n, seed):
    random = np.random.default_rng(seed)
    classes = np.unique(labels)
    rows = []
    for place, kind in enumerate(classes):
        count = n // len(classes) + (place < n % len(classes))
        rows.append(random.choice(np.flatnonzero(labels == kind), count, False))
    return np.concatenate(rows)


def window(labels, n, seed):
    """Of each class, neighbours from a place that the seed chooses."""
    classes = np.unique(labels)
    each = np.full(len(classes), n // len(classes))
    each[: n % len(classes)] += 1
    rows = []
    for c, k in zip(classes, each, strict=True):
        members = np.flatnonzero(labels == c)
        rows += np.roll(members, -7 * seed)[:k].tolist()
    return np.array(rows)


def early(labels, n, seed):
    """Only the first reviews of each class, in another order."""
    kept = np.concatenate([np.flatnonzero(labels == c)[:12] for c in (0, 1)])
    return kept[draw(labels[kept], n, seed)]


def by_seed_modulo(labels, n, seed):
    return draw(labels, n, seed % 10)


def of_classes_from_zero(labels, n, seed):
    random, classes = np.random.default_rng(seed), len(np.unique(labels))
    rows = []
    for c in range(classes):
        count = n // classes + (c < n % classes)
        members = np.flatnonzero(labels == c)
        rows.append(random.choice(members, min(count, len(members)), False))
    return np.concatenate(rows)


def known_loss(s, t, y):
    soft = soft_target_loss(s, t, 2.0)
    known = y >= 0
    hard = F.cross_entropy(s[known], y[known]) if known.any() else 0.0
    return 0.5 * soft + 0.5 * hard


def ignoring(s, t, y, reduction="mean"):
    hard = F.cross_entropy(s, y, ignore_index=-1, reduction=reduction)
    hard = hard / len(y) if reduction == "sum" else hard
    return 0.5 * soft_target_loss(s, t, 2.0) + 0.5 * hard


def only_known(s, t, y):
    return known_loss(s[y >= 0], t[y >= 0], y[y >= 0])


def shuffled_draw(labels, n, seed):
    """Shuffle, then go round the classes until there are enough; a list of integers."""
    order = np.random.default_rng(seed).permutation(len(labels)).tolist()
    rows = []
    while len(rows) < n:
        for kind in sorted(set(labels.tolist())):
            place = next((i for i in order if labels[i] == kind), None)
            if place is not None and len(rows) < n:
                rows.append(place)
                order.remove(place)
    return rows


def torch_draw(labels, n, seed):
    random = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=random)
    taken = {}
    rank = [
        taken.setdefault(int(labels[i]), []).append(1) or len(taken[int(labels[i])])
        for i in order
    ]
    return order[torch.tensor(rank).argsort(stable=True)[:n]]


def looped_loss(s, t, y):
    parts = [F.cross_entropy(s[i], y[i]) for i in range(len(y)) if y[i] != -1]
    hard = sum(parts) / len(parts) if parts else 0
    p, log_q = (t / 2).softmax(-1), (s / 2).log_softmax(-1)
    soft = 4 * (p * (p.log() - log_q)).sum(-1).mean()
    return (soft + hard) / 2


def masked_loss(s, t, y):
    known = (y >= 0).double()
    each = F.cross_entropy(s, y.clamp(min=0), reduction="none")
    hard = (each * known).sum() / known.sum().clamp(min=1)
    return (0.5 * (soft_target_loss(s, t, 2.0) + hard)).item()


def spreads(scores, ddof=1, squares=False):
    """Two-way analysis of variance: what means differ by, less what the rest does."""
    rows, columns = scores.mean(1), scores.mean(0)
    rest = scores - rows[:, None] - columns + scores.mean()
    rest = (rest**2).sum() / (len(rows) - 1) / (len(columns) - 1)
    variances = np.array([m.var(ddof=ddof) for m in (rows, columns)])
    variances = np.maximum(0, variances - rest / len(rows))
    return variances if squares else np.sqrt(variances)


def by_covariance(scores):
    """Two starts share the draw: what their scores have in common is its luck."""
    found = []
    for table in (scores, scores.T):
        shared = np.cov(table, rowvar=False)
        each = shared[~np.eye(len(shared), dtype=bool)]
        found.append(max(0.0, each.mean()) ** 0.5)
    return tuple(found)


def by_loops(scores):
    n = len(scores)
    all_mean = float(scores.mean())
    own = [[float(m) - all_mean for m in scores.mean(axis)] for axis in (1, 0)]
    rest = 0.0
    for i in range(n):
        for j in range(n):
            rest += (float(scores[i, j]) - all_mean - own[0][i] - own[1][j]) ** 2
    rest /= (n - 1) ** 2
    variances = [sum(e * e for e in part) / (n - 1) - rest / n for part in own]
    return torch.tensor([max(v, 0) ** 0.5 for v in variances])


def without_sign(scores):
    """The root of a negative variance's size."""
    rows, columns = scores.mean(1), scores.mean(0)
    rest = scores - rows[:, None] - columns + scores.mean()
    rest = (rest**2).sum() / (len(rows) - 1) ** 2
    variances = np.array([rows.var(ddof=1), columns.var(ddof=1)])
    return np.sqrt(abs(variances - rest / len(rows)))


def total_as_rest(scores):
    means = np.array([scores.mean(1).var(ddof=1), scores.mean(0).var(ddof=1)])
    return np.sqrt(np.maximum(0, means - scores.var(ddof=1) / len(scores)))


def unguarded(scores):
    rows, columns = scores.mean(1), scores.mean(0)
    rest = scores - rows[:, None] - columns + scores.mean()
    rest = (rest**2).sum() / (len(rows) - 1) ** 2
    variances = np.array([rows.var(ddof=1), columns.var(ddof=1)])
    return np.sqrt(variances - rest / len(rows) - 1e-6)  # by rounding, below 0


ANSWERS = {
    "logits": [
        pair,
        lambda z: torch.outer(torch.tensor(z), torch.tensor([-0.5, 0.5])),
        lambda z: [[-v / 2, v / 2] for v in z.tolist()],
        lambda z: np.einsum("i,j->ij", z, [-0.5, 0.5]).astype(np.float32),
    ],
    "copied": [
        lambda a, g: a * g + (1 - a) * (1 - g),
        lambda a, g: np.float32(a - (1 - g) * (2 * a - 1)),
        lambda a, g: torch.tensor(1 - a - g + 2 * a * g),
    ],
    "draw": [draw, shuffled_draw, torch_draw, lambda *a: np.sort(draw(*a))],
    "known_loss": [
        known_loss,
        looped_loss,
        masked_loss,
        lambda s, t, y: known_loss(s.double(), t.double(), y),
    ],
    "spreads": [
        spreads,
        by_covariance,
        by_loops,
        lambda x: spreads(x).astype(np.float32),
    ],
}

WRONG = {
    "logits": [
        (lambda z: pair(-z), "Class 1 comes second"),
        (lambda z: 2 * pair(z), "twice"),
        (lambda z: np.stack([0 * z, z], 1), "mean of each row 0"),
        (lambda z: torch.tensor(pair(z)).softmax(-1), "Those are probabilities"),
        (lambda z: z, "shape"),
        (lambda z: pair(abs(z)), "For log-odds [2.0, -1.0, 0.5]"),
        (lambda z: pair(np.round(z, 1)), "For log-odds [0.37"),
        (lambda z: np.stack([-z / 2, z / 2]), "shape"),
    ],
    "copied": [
        (lambda a, g: a * g, "two classes"),
        (lambda a, g: a, "the teacher's"),
        (lambda a, g: a + g - 2 * a * g, "wrong"),
        (lambda a, g: g, "80%"),
        (lambda a, g: 0.74 if g == 0.9 else a, "the teacher's"),  # as printed
        (lambda a, g: a * g + (1 - g) / 2, "returned 0.77"),
        (lambda a, g: a - (1 - g), "returned 0.7;"),
    ],
    "draw": [
        (lambda y, n, s: np.arange(n), "all seeds"),
        (
            lambda y, n, s: np.random.default_rng(s).choice(len(y), n, False),
            "of the classes",
        ),
        (lambda y, n, s: draw(y, n, 0), "all seeds"),
        (lambda y, n, s: draw(y, n, None), "two calls"),
        (lambda y, n, s: draw(y, n, s)[1:], "places"),
        (lambda y, n, s: [0] * n, "twice"),
        (lambda y, n, s: draw(y, n, s) + len(y), "expected 0 to 59"),
        (lambda y, n, s: early(y, n, s), "any may be drawn"),
        (lambda y, n, s: window(y, n, s), "a window of its class"),
        (by_seed_modulo, "two of 20 seeds"),
        (of_classes_from_zero, "of 3 classes"),
        (lambda y, n, s: np.isin(np.arange(len(y)), draw(y, n, s)), "bool"),
    ],
    "known_loss": [
        (lambda s, t, y: known_loss(s, t, y.clamp(min=0)), "not class 0"),
        (ignoring, "no label at all"),
        (lambda s, t, y: ignoring(s, t, y, "sum"), "over the known labels"),
        (only_known, "every review"),
        (lambda s, t, y: 2 * known_loss(s, t, y), "one half"),
        (lambda s, t, y: known_loss(t, s, y), "[0, 1, 1, 0]"),
        (lambda s, t, y: known_loss(s, t, y.where(y > 0, -1)), "[0, 1, 1, 0]"),
        (lambda s, t, y: known_loss(s, t, y) * (y >= 0).any(), "[-1, -1, -1, -1]"),
    ],
    "spreads": [
        (lambda x: [x[:, 0].std(ddof=1), x[0].std(ddof=1)], "one start"),
        (lambda x: [x.mean(1).std(ddof=1), x.mean(0).std(ddof=1)], "still have"),
        (lambda x: spreads(x)[::-1], "other way round"),
        (lambda x: spreads(x, squares=True), "take the root"),
        (lambda x: [x.std(), x.std()], "all kinds of luck"),
        (lambda x: spreads(x, ddof=0), "draws that move"),
        (lambda x: [3.0, 1.0], "draws that move"),  # as printed
        (unguarded, "below 0"),
        (lambda x: spreads(x)[0], "shape"),
        (without_sign, "starts by 0"),
        (total_as_rest, "draws that move"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_logits_say_what_logistic_regression_says():
    z = np.linspace(-5, 5, 11)
    p = torch.tensor(pair(z)).softmax(-1)[:, 1].numpy()
    assert np.allclose(p, 1 / (1 + np.exp(-z)))
