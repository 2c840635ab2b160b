"""Wrong and right answers to the assignment on softmax and KL."""

WRONG = [
    (
        "masked after the softmax, never normalised",
        """
def masked_softmax(logits, allowed):
    return logits.softmax(-1) * allowed
""",
        {"masked_softmax": 4},
    ),
    (
        "normalised after the softmax: a forbidden giant leaves 0 / 0",
        """
def masked_softmax(logits, allowed):
    p = logits.softmax(-1) * allowed
    return p / p.sum(-1, keepdim=True)
""",
        {"masked_softmax": 1},
    ),
    (
        "exponentials without a shift (14)",
        """
def masked_softmax(logits, allowed):
    weights = logits.exp() * allowed
    return weights / weights.sum(-1, keepdim=True)
""",
        {"masked_softmax": 2},
    ),
    (
        "the classes are in dimension 1",
        """
def masked_softmax(logits, allowed):
    return logits.masked_fill(~allowed, -1e30).softmax(1)
""",
        {"masked_softmax": 1},
    ),
    (
        "softmax of a softmax (18)",
        """
def masked_softmax(logits, allowed):
    return logits.masked_fill(~allowed, -math.inf).softmax(-1).softmax(-1)
""",
        {"masked_softmax": 4},
    ),
    (
        "T upside down",
        """
def odds_temperature(logits, odds):
    first, second = logits.topk(2).values.unbind(-1)
    return math.log(odds) / (first - second)
""",
        {"odds_temperature": 3},
    ),
    (
        "the first two classes are taken for the best two",
        """
def odds_temperature(logits, odds):
    return (logits[:, 0] - logits[:, 1]).abs() / math.log(odds)
""",
        {"odds_temperature": 2},
    ),
    (
        "p and q swapped (8)",
        """
def kl_table(p_logits, q_logits):
    log_p = p_logits.log_softmax(-1)[:, None]
    log_q = q_logits.log_softmax(-1)
    return (log_q.exp() * (log_q - log_p)).sum(-1)
""",
        {"kl_table": 3},
    ),
    (
        "the mean over the classes (3)",
        """
def kl_table(p_logits, q_logits):
    log_p = p_logits.log_softmax(-1)[:, None]
    return (log_p.exp() * (log_p - q_logits.log_softmax(-1))).mean(-1)
""",
        {"kl_table": 3},
    ),
    (
        "p log p of a p that has underflowed (14)",
        """
def kl_table(p_logits, q_logits):
    p, q = p_logits.softmax(-1)[:, None], q_logits.softmax(-1)
    return (p * (p.log() - q.log())).sum(-1)
""",
        {"kl_table": 1},
    ),
    (
        "probabilities where log-probabilities belong (2)",
        """
def kl_table(p_logits, q_logits):
    p, q = p_logits.softmax(-1)[:, None], q_logits.softmax(-1)
    return (p * (p.log() - q)).sum(-1)
""",
        {"kl_table": 4},
    ),
    ("one answer for both directions", "nearest_reverse = nearest", {"nearest": 1}),
    ("a guess at a probability", "guess_heat = 0.4", {"guess_heat": 1}),
    ("cold and hot mixed up", "flattest_cold = flattest_hot", {"flattest": 1}),
]

RIGHT = [
    (
        "in loops, over doubles",
        """
def masked_softmax(logits, allowed):
    shape = logits.shape
    rows = []
    for z, on in zip(
        logits.reshape(-1, shape[-1]).double(), allowed.reshape(-1, shape[-1])
    ):
        top = max(x for x, ok in zip(z.tolist(), on.tolist()) if ok)
        e = [math.exp(x - top) if ok else 0.0 for x, ok in zip(z.tolist(), on)]
        rows.append([x / sum(e) for x in e])
    return torch.tensor(rows, dtype=torch.float64).reshape(shape)


def odds_temperature(logits, odds):
    found = []
    for row in logits.tolist():
        best, second = sorted(row)[-1], sorted(row)[-2]
        found.append((best - second) / math.log(odds))
    return torch.tensor(found)


def kl_table(p_logits, q_logits):
    table = torch.zeros(len(p_logits), len(q_logits))
    for i, p in enumerate(p_logits):
        for j, q in enumerate(q_logits):
            table[i, j] = losses.kl_divergence(p[None], q[None])
    return table
""",
    ),
    (
        "in place",
        """
def masked_softmax(logits, allowed):
    logits[~allowed] = -math.inf
    logits -= logits.amax(-1, keepdim=True)
    logits.exp_()
    return logits.div_(logits.sum(-1, keepdim=True))


def odds_temperature(logits, odds):
    logits = logits.sort(descending=True).values
    gaps = logits[:, 0].sub_(logits[:, 1])
    return gaps.div_(math.log(odds))


def kl_table(p_logits, q_logits):
    q_logits -= q_logits.logsumexp(-1, keepdim=True)
    p_logits -= p_logits.logsumexp(-1, keepdim=True)
    p = p_logits.exp()
    return (p * p_logits).sum(-1)[:, None] - p @ q_logits.T
""",
    ),
    (
        "functional, by search and by broadcasting",
        """
import torch.nn.functional as F


def masked_softmax(logits, allowed):
    return F.softmax(torch.where(allowed, logits.double(), -math.inf), dim=-1)


def odds_temperature(logits, odds):
    low = torch.full(logits.shape[:1], 1e-4, dtype=torch.float64)
    high = torch.full(logits.shape[:1], 1e4, dtype=torch.float64)
    for _ in range(100):
        T = (low * high).sqrt()
        best = F.log_softmax(logits.double() / T[:, None], -1).topk(2).values
        hot = best[:, 0] - best[:, 1] < math.log(odds)
        low, high = torch.where(hot, low, T), torch.where(hot, T, high)
    return T


def kl_table(p_logits, q_logits):
    n, m = len(p_logits), len(q_logits)
    log_p = F.log_softmax(p_logits, -1).unsqueeze(1).expand(n, m, -1)
    log_q = F.log_softmax(q_logits, -1).unsqueeze(0).expand(n, m, -1)
    return F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(2)
""",
    ),
    (
        "answers of other types",
        """
flattest_cold, flattest_hot = torch.tensor(flattest_cold), float(flattest_hot)
nearest = torch.tensor(nearest)
guess_heat = 4
""",
    ),
]
