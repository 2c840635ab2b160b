"""Wrong and right answers to the assignment on the distillation loss."""

LOSS = """
def distillation_loss(student_logits, teacher_logits, labels, T, alpha):
    s, t = student_logits, teacher_logits.detach()
    known = labels >= 0
    hard = F.cross_entropy(s[known], labels[known], reduction="sum")
    hard = hard / known.sum().clamp(min=1)
    soft = T**2 * losses.kl_divergence(t, s, T)
    return alpha * soft + (1 - alpha) * hard
"""
GRADIENT = """
def loss_gradient(s, t, labels, T, alpha):
    n = len(labels)
    soft = T * ((s / T).softmax(-1) - (t / T).softmax(-1)) / n
    hard = (s.softmax(-1) - F.one_hot(labels, s.shape[-1])) / n
    return alpha * soft + (1 - alpha) * hard
"""
TOPK = """
def topk_loss(s, kept, classes):
    log_q = s.log_softmax(-1)
    q = log_q.gather(-1, classes)
    p_rest = (1 - kept.exp().sum(-1)).clamp(min=0)
    q_rest = (1 - q.exp().sum(-1)).clamp(min=1e-7)
    rest = torch.xlogy(p_rest, p_rest) - p_rest * q_rest.log()
    return ((kept.exp() * (kept - q)).sum(-1) + rest).mean()
"""


def mistaken(code, old, new):
    assert code.count(old) == 1
    return code.replace(old, new)


WRONG = [
    (
        "T² left out (1)",
        mistaken(LOSS, "T**2 * ", ""),
        {"distillation_loss": 3},
    ),
    (
        "student and teacher swapped (8)",
        mistaken(LOSS, "kl_divergence(t, s, T)", "kl_divergence(s, t, T)"),
        {"distillation_loss": 3},
    ),
    (
        "reduction 'mean' (3)",
        mistaken(
            LOSS,
            "losses.kl_divergence(t, s, T)",
            "F.kl_div((s / T).log_softmax(-1), (t / T).softmax(-1), reduction='mean')",
        ),
        {"distillation_loss": 3},
    ),
    (
        "the teacher is not detached (7)",
        mistaken(
            LOSS,
            "losses.kl_divergence(t, s, T)",
            "losses.kl_divergence(teacher_logits, s, T)",
        ),
        {"distillation_loss": 1},
    ),
    (
        "p log p of a p that has underflowed (14)",
        mistaken(
            LOSS,
            "losses.kl_divergence(t, s, T)",
            "((t / T).softmax(-1) * ((t / T).softmax(-1) / (s / T).softmax(-1)).log())"
            ".sum(-1).mean()",
        ),
        {"distillation_loss": 1},
    ),
    (
        "ignore_index alone: the mean over no text",
        """
def distillation_loss(s, t, labels, T, alpha):
    hard = F.cross_entropy(s, labels, ignore_index=-1)
    soft = T**2 * losses.kl_divergence(t.detach(), s, T)
    return alpha * soft + (1 - alpha) * hard
""",
        {"distillation_loss": 1},
    ),
    (
        "the label's part divided by all texts",
        mistaken(LOSS, "known.sum().clamp(min=1)", "len(labels)"),
        {"distillation_loss": 1},
    ),
    (
        "alpha for the label",
        mistaken(
            LOSS,
            "alpha * soft + (1 - alpha) * hard",
            "(1 - alpha) * soft + alpha * hard",
        ),
        {"distillation_loss": 3},
    ),
    (
        "1 / T in the gradient, for T",
        mistaken(GRADIENT, "soft = T * ", "soft = 1 / T * "),
        {"loss_gradient": 4},
    ),
    (
        "the gradient of a sum",
        mistaken(GRADIENT, "n = len(labels)", "n = 1"),
        {"loss_gradient": 4},
    ),
    (
        "autograd, where a formula was asked for",
        """
def loss_gradient(s, t, labels, T, alpha):
    s = s.clone().requires_grad_()
    loss = distillation_loss(s, t, labels, T, alpha)
    return torch.autograd.grad(loss, s)[0]
""",
        {"loss_gradient": 4},
    ),
    (
        "three classes written in",
        mistaken(GRADIENT, "s.shape[-1]", "3"),
        {"loss_gradient": 3},
    ),
    (
        "the balance the wrong way round",
        "balanced_alpha = 1 - balanced_alpha",
        {"balance": 2},
    ),
    ("the peak of the other curve", "peak_T = 1.0", {"peak": 2}),
    ("a guess in per cent", "guess_share = 12", {"guess_share": 1}),
    (
        "the rest forgotten",
        mistaken(TOPK, ").sum(-1) + rest)", ").sum(-1))"),
        {"topk_loss": 2},
    ),
    (
        "the rest of the student forgotten: its kept classes made to sum to 1",
        mistaken(
            TOPK,
            "q = log_q.gather(-1, classes)",
            "q = s.gather(-1, classes).log_softmax(-1)",
        ),
        {"topk_loss": 2},
    ),
    (
        "0 log 0 of the rest (14)",
        mistaken(TOPK, "torch.xlogy(p_rest, p_rest)", "p_rest * p_rest.log()"),
        {"topk_loss": 1},
    ),
]

RIGHT = [
    (
        "text by text, with numbers",
        """
def distillation_loss(s, t, labels, T, alpha):
    soft = hard = s.sum() * 0
    known = [i for i, y in enumerate(labels.tolist()) if y >= 0]
    for a, b in zip(s, t.detach()):
        log_q, log_p = (a / T).log_softmax(0), (b / T).log_softmax(0)
        soft = soft + (log_p.exp() * (log_p - log_q)).sum()
    for i in known:
        hard = hard - s[i].log_softmax(0)[labels[i]]
    soft = T * T * soft / len(s)
    hard = hard / max(len(known), 1)
    return alpha * soft + (1 - alpha) * hard


def loss_gradient(s, t, labels, T, alpha):
    rows = []
    for a, b, y in zip(s.tolist(), t.tolist(), labels.tolist()):

        def share(z, k, T):
            top = max(z)
            e = [math.exp((x - top) / T) for x in z]
            return e[k] / sum(e)

        rows.append(
            [
                alpha * T * (share(a, k, T) - share(b, k, T))
                + (1 - alpha) * (share(a, k, 1) - (k == y))
                for k in range(len(a))
            ]
        )
    return torch.tensor(rows) / len(rows)


def topk_loss(s, kept, classes):
    total = 0
    for z, logs, which in zip(s, kept, classes):
        log_q = z.log_softmax(0)
        p = sum(math.exp(x) for x in logs.tolist())
        for x, k in zip(logs.tolist(), which.tolist()):
            total = total + math.exp(x) * (x - log_q[k])
        left = [k for k in range(len(z)) if k not in which.tolist()]
        if left and p < 1:
            rest = log_q[left].logsumexp(0)
            total = total + (1 - p) * (math.log(1 - p) - rest)
    return total / len(s)
""",
    ),
    (
        "by the library, in doubles",
        """
def distillation_loss(s, t, labels, T, alpha):
    soft = losses.soft_target_loss(s.double(), t.double(), T)
    if (labels == -1).all():
        return alpha * soft
    hard = F.cross_entropy(s.double(), labels, ignore_index=-1)
    return torch.lerp(hard, soft, alpha)


def loss_gradient(s, t, labels, T, alpha):
    s, t = s.double(), t.double()
    out = (s / T).softmax(-1).sub_((t / T).softmax(-1)).mul_(alpha * T)
    out.add_(s.softmax(-1), alpha=1 - alpha)
    out[torch.arange(len(s)), labels] -= 1 - alpha
    return out.div_(len(s))


balanced_alpha = torch.tensor(balanced_alpha)
guess_share = 0
peak_T = int(peak_T)
""",
    ),
    (
        "functional, through cross-entropies with probabilities",
        """
def distillation_loss(s, t, labels, T, alpha):
    p = F.softmax(t.detach() / T, -1)
    entropy = torch.special.entr(p).sum(-1).mean()
    soft = F.cross_entropy(s / T, p) - entropy
    weights = (labels != -1).float()
    picked = F.nll_loss(F.log_softmax(s, -1), labels.clamp(min=0), reduction="none")
    hard = (weights * picked).sum() / torch.clamp(weights.sum(), min=1)
    return alpha * T**2 * soft + (1 - alpha) * hard


def topk_loss(s, kept, classes):
    mask = torch.zeros_like(s).scatter_(-1, classes, 1.0).bool()
    log_q = F.log_softmax(s, -1)
    rest = torch.logsumexp(log_q.masked_fill(mask, -60.0), -1, keepdim=True)
    log_q = torch.cat([log_q.gather(-1, classes), rest], -1)
    p = kept.exp()
    p = torch.cat([p, F.relu(1 - p.sum(-1, keepdim=True))], -1)
    return F.kl_div(log_q, p, reduction="batchmean")
""",
    ),
]
