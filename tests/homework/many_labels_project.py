"""Wrong and right answers to the project on many labels."""

LOSS = """
def many_label_loss(s, t, labels, T, alpha):
    t = t.detach()
    known = ~labels.isnan()
    hard = F.binary_cross_entropy_with_logits(s[known], labels[known], reduction="sum")
    hard = hard / known.sum().clamp(min=1)
    soft = T**2 * F.binary_cross_entropy_with_logits(s / T, (t / T).sigmoid())
    p = (t / T).sigmoid().double()
    soft = soft - T**2 * (torch.special.entr(p) + torch.special.entr(1 - p)).mean()
    return alpha * soft + (1 - alpha) * hard
"""
APART = """
def apart(films, share, seed):
    names = sorted(set(films))
    np.random.default_rng(seed).shuffle(names)
    chosen, count = set(), 0
    while count < share * len(films):
        chosen.add(names[len(chosen)])
        count = sum(film in chosen for film in films)
    return np.array([film in chosen for film in films])
"""

CHANCE = """
chance = mine.validation.labels.mean(0)[names.index(hardest)]
"""


def mistaken(code, old, new):
    assert code.count(old) == 1
    return code.replace(old, new)


WRONG = [
    (
        "softmax over labels (4)",
        """
def many_label_loss(s, t, labels, T, alpha):
    known = ~labels.isnan()
    hard = F.binary_cross_entropy_with_logits(s[known], labels[known], reduction="sum")
    soft = losses.soft_target_loss(s, t, T)
    return alpha * soft + (1 - alpha) * hard / known.sum().clamp(min=1)
""",
        {"many_label_loss": 3},
    ),
    (
        "T² left out (1)",
        mistaken(LOSS, "return alpha * soft", "return alpha * soft / T**2"),
        {"many_label_loss": 3},
    ),
    (
        "the teacher is not detached (7)",
        mistaken(LOSS, "t = t.detach()", "pass"),
        {"many_label_loss": 2},
    ),
    (
        "a label that nobody knows is a no",
        mistaken(
            LOSS,
            "known = ~labels.isnan()",
            "labels = labels.nan_to_num(); known = labels > -1",
        ),
        {"many_label_loss": 2},
    ),
    (
        "the mean over no label",
        mistaken(LOSS, ".clamp(min=1)", ""),
        {"many_label_loss": 2},
    ),
    (
        "logarithms of a sigmoid that has underflowed (14)",
        mistaken(
            LOSS,
            "T**2 * F.binary_cross_entropy_with_logits(s / T, (t / T).sigmoid())",
            "-T**2 * ((t / T).sigmoid() * (s / T).sigmoid().log() + "
            "(1 - (t / T).sigmoid()) * (1 - (s / T).sigmoid()).log()).mean()",
        ),
        {"many_label_loss": 2},
    ),
    (
        "texts drawn, and not films (13)",
        """
def apart(films, share, seed):
    return np.random.default_rng(seed).random(len(films)) < share
""",
        {"apart": 3},
    ),
    (
        "a share of the films, sorted by their texts",
        """
def apart(films, share, seed):
    names = sorted(set(films), key=films.count)
    chosen = names[: round(share * len(names))]
    return np.array([film in chosen for film in films])
""",
        {"apart": 3},
    ),
    (
        "the same split for every seed",
        mistaken(APART, "default_rng(seed)", "default_rng(0)"),
        {"apart": 1},
    ),
    (
        "another split each time",
        mistaken(APART, "default_rng(seed)", "default_rng()"),
        {"apart": 1},
    ),
    (
        "the same for all texts",
        """
def predict(texts):
    return np.tile(mine.labelled.labels.mean(0), (len(texts), 1))


hardest = min(names, key=lambda n: mine.validation.labels[:, names.index(n)].mean())
"""
        + CHANCE,
        {"predict": 11},
    ),
    # TF-IDF's scores are the same on any processor, and none is near a threshold.
    (
        "the baseline, handed in",
        """
predict = baseline
each = metrics.average_precision(predict(mine.validation.texts), mine.validation.labels)
hardest = names[int(np.argmin(each))]
"""
        + CHANCE,
        {"predict": 8},
    ),
    (
        "labels where probabilities were asked for",
        """
def predict(texts):
    return (baseline(texts) > 0.5).astype(float)


p = predict(mine.validation.texts)
each = metrics.average_precision(p, mine.validation.labels)
hardest = names[int(np.argmin(each))]
"""
        + CHANCE,
        {"predict": 11},
    ),
    (
        "logits where probabilities were asked for (5)",
        """
before = predict


def predict(texts):
    return np.log(before(texts) / (1 - before(texts)))
""",
        {"predict": 12},
    ),
    (
        "five times too sure",
        """
before = predict


def predict(texts):
    z = np.log(before(texts) / (1 - before(texts)))
    return 1 / (1 + np.exp(-5 * z.astype(np.float64)))
""",
        {"predict": 2},
    ),
    (
        "the easiest label",
        "hardest = names[int(np.argmax(each))]" + CHANCE,
        {"hardest": 2},
    ),
    ("a coin's chance", "chance = 0.5", {"hardest": 1}),
    ("the share read off the picture", "chance = round(chance, 1)", {"hardest": 1}),
    (
        "the share in the training set",
        "chance = mine.labelled.labels.mean(0)[names.index(hardest)]",
        {"hardest": 1},
    ),
    ("a guess in per cent", "guess_ap = 60", {"guess_ap": 1}),
]

RIGHT = [
    ("by cross-entropies and a loop over films", LOSS + APART),
    (
        "label by label, and by sets",
        """
def many_label_loss(s, t, labels, T, alpha):
    soft, hard, known = s.sum() * 0, s.sum() * 0, 0
    for i in range(s.shape[0]):
        for k in range(s.shape[1]):
            two_s = torch.stack([s[i, k] / T, -s[i, k] * 0])
            two_t = torch.stack([t[i, k].detach() / T, t[i, k].detach() * 0])
            log_q, log_p = two_s.log_softmax(0), two_t.log_softmax(0)
            soft = soft + T * T * (log_p.exp() * (log_p - log_q)).sum()
            if labels[i, k] == labels[i, k]:
                sign = 1 - 2 * labels[i, k]
                hard = hard + F.softplus(sign * s[i, k])
                known += 1
    return alpha * soft / s.numel() + (1 - alpha) * hard / max(known, 1)


def apart(films, share, seed):
    import random

    names = sorted(set(films))
    random.Random(seed).shuffle(names)
    texts = {name: [i for i, f in enumerate(films) if f == name] for name in names}
    held = set()
    for name in names:
        if len(held) + len(texts[name]) / 2 < share * len(films):
            held |= set(texts[name])
    return [i in held for i in range(len(films))]
""",
    ),
    (
        "in doubles, and answers as a tensor",
        """
def many_label_loss(s, t, labels, T, alpha):
    soft = losses.DistillationLoss(temperature=T, alpha=1.0, multilabel=True)
    known = labels.isnan().logical_not()
    part = soft(s.double(), t.double(), labels.nan_to_num())
    if known.sum() == 0:
        return alpha * part
    each = F.binary_cross_entropy_with_logits(
        s.double(), labels.nan_to_num().double(), reduction="none"
    )
    return alpha * part + (1 - alpha) * each[known].mean()


before = predict


def predict(texts):
    return torch.tensor(before(list(texts)), dtype=torch.float64)


guess_ap = 1
""",
    ),
]
