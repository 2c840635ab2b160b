"""Wrong and right answers to the assignment on an LSTM teacher and its student."""

POOL = """
def attention_pool(states, scores, lengths):
    there = torch.arange(scores.shape[1]) < lengths[:, None]
    weights = scores.masked_fill(~there, -math.inf).softmax(-1)
    return (weights.unsqueeze(-1) * states).sum(1)
"""
WIDEST = """
def widest(budget, vocabulary, embedding, classes):
    def size(h):
        lstm = 2 * (4 * h * (embedding + h) + 8 * h)
        return vocabulary * embedding + lstm + 4 * h * classes + classes

    h = 0
    while size(h + 1) <= budget:
        h += 1
    return h
"""
EPOCH = """
def distil_epoch(student, teacher, batches, T, alpha, optimizer):
    loss_of = losses.DistillationLoss(T, alpha)
    student.train()
    teacher.eval()
    total = texts = 0
    for x, n, y in batches:
        with torch.no_grad():
            t = teacher(x, n)
        s = student(x, n)
        loss = loss_of(s, t, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        texts += len(y)
    return total / texts
"""
BY_HAND = "T**2 * losses.kl_divergence(t, s, T) * alpha"
BY_HAND += " + (1 - alpha) * F.cross_entropy(s, y)"
INTERVAL = """
def paired_interval(a, b):
    d = np.subtract(a, b)
    error = d.std(ddof=1) / len(d) ** 0.5
    half = stats.t.ppf(0.975, len(d) - 1) * error
    return d.mean(), d.mean() - half, d.mean() + half
"""


def mistaken(code, old, new):
    assert code.count(old) == 1
    return code.replace(old, new)


WRONG = [
    (
        "padding enters the pooling (11)",
        mistaken(POOL, ".masked_fill(~there, -math.inf)", ""),
        {"attention_pool": 4},
    ),
    (
        "masked after the softmax, never normalised",
        mistaken(
            POOL, ".masked_fill(~there, -math.inf).softmax(-1)", ".softmax(-1) * there"
        ),
        {"attention_pool": 4},
    ),
    (
        "one word of padding is let in",
        mistaken(POOL, "< lengths", "<= lengths"),
        {"attention_pool": 4},
    ),
    (
        "padding gets a score of 0",
        mistaken(POOL, "-math.inf", "0.0"),
        {"attention_pool": 4},
    ),
    (
        "one bias where nn.LSTM has two",
        mistaken(WIDEST, "8 * h", "4 * h"),
        {"widest": 2},
    ),
    (
        "one direction",
        mistaken(WIDEST, "lstm = 2 *", "lstm = 1 *"),
        {"widest": 3},
    ),
    (
        "the budget may not be met",
        mistaken(WIDEST, "<= budget", "< budget"),
        {"widest": 2},
    ),
    ("a neighbour's width", "my_width = my_width - 1", {"widest": 1}),
    (
        "the teacher in train mode (6)",
        mistaken(EPOCH, "teacher.eval()", "teacher.train()"),
        {"distil_epoch": 1},
    ),
    (
        "the student left in eval mode (17)",
        mistaken(EPOCH, "student.train()", "student.eval()"),
        {"distil_epoch": 1},
    ),
    (
        "gradients flow into the teacher (7)",
        mistaken(
            mistaken(EPOCH, "with torch.no_grad():", "if True:"),
            "loss_of(s, t, y)",
            BY_HAND,
        ),
        {"distil_epoch": 1},
    ),
    (
        "gradients pile up",
        mistaken(EPOCH, "optimizer.zero_grad()", "pass"),
        {"distil_epoch": 1},
    ),
    (
        "the mean of the batches (16)",
        mistaken(mistaken(EPOCH, " * len(y)", ""), "texts += len(y)", "texts += 1"),
        {"distil_epoch": 1},
    ),
    (
        "T² left out (1)",
        mistaken(EPOCH, "loss_of(s, t, y)", BY_HAND.replace("T**2 * ", "")),
        {"distil_epoch": 1},
    ),
    (
        "the teacher is compared with itself (8)",
        mistaken(EPOCH, "s = student(x, n)", "s = teacher(x, n)"),
        {"distil_epoch": 6},
    ),
    (
        "the last batch is left out",
        mistaken(EPOCH, "in batches:", "in batches[:-1]:"),
        {"distil_epoch": 4},
    ),
    (
        "1.96 for five runs",
        mistaken(INTERVAL, "stats.t.ppf(0.975, len(d) - 1)", "1.96"),
        {"paired_interval": 3},
    ),
    (
        "the spread without the missing degree of freedom",
        mistaken(INTERVAL, "ddof=1", "ddof=0"),
        {"paired_interval": 3},
    ),
    ("alone less taught", "low_end = -float(high)", {"verdict": 1}),
    ("epochs counted from 0", "stop_alone -= 1; taught_ahead -= 1", {"curves": 2}),
    ("more than all texts", "guess_agreement = 850", {"guess_agreement": 1}),
]

RIGHT = [
    (
        "text by text",
        """
def attention_pool(states, scores, lengths):
    rows = []
    for h, a, n in zip(states, scores, lengths.tolist()):
        rows.append(a[:n].softmax(0) @ h[:n])
    return torch.stack(rows)


def paired_interval(a, b):
    d = [x - y for x, y in zip(a, b)]
    mean = sum(d) / len(d)
    spread = math.sqrt(sum((x - mean) ** 2 for x in d) / (len(d) - 1))
    t = stats.t.ppf(0.975, df=len(d) - 1)
    half = t * spread / math.sqrt(len(d))
    return [mean, mean - half, mean + half]
"""
        + WIDEST,
    ),
    (
        "in doubles, by a search, and with the losses summed",
        """
def attention_pool(states, scores, lengths):
    scores = scores.double().clone()
    for i, n in enumerate(lengths):
        scores[i, n:] = -1e30
    return torch.bmm(scores.softmax(1)[:, None], states.double())[:, 0]


def widest(budget, vocabulary, embedding, classes):
    def fits(h):
        with torch.device("meta"):
            model = LSTMClassifier(vocabulary, classes, embedding, max(h, 1))
        return count_parameters(model) <= budget

    low, high = 0, 4096
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def distil_epoch(student, teacher, batches, T, alpha, optimizer):
    teacher = teacher.requires_grad_(False).eval()
    costs, sizes = [], []
    for tokens, lengths, labels in batches:
        student.train(True)
        s, t = student(tokens, lengths), teacher(tokens, lengths)
        log_p, log_q = (t / T).log_softmax(-1), (s / T).log_softmax(-1)
        soft = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
        loss = alpha * T * T * soft + (1 - alpha) * F.cross_entropy(s, labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        costs.append(loss.detach())
        sizes.append(float(len(labels)))
    return torch.stack(costs) @ torch.tensor(sizes) / sum(sizes)


def paired_interval(a, b):
    d = torch.tensor(np.asarray(a) - np.asarray(b), dtype=torch.float64)
    low, high = stats.t.interval(
        0.95, len(d) - 1, loc=d.mean().item(), scale=stats.sem(d.numpy())
    )
    return np.array([d.mean().item(), low, high])
""",
    ),
    (
        "answered before it is asked, with the ready-made loss",
        """
def distil_epoch(student, teacher, batches, T, alpha, optimizer):
    teacher.eval()
    with torch.inference_mode():
        answers = [teacher(x, n) for x, n, _ in batches]
    student.train()
    total = 0.0
    for (x, n, y), t in zip(batches, answers, strict=True):
        student.zero_grad()
        s = student(x, n)
        loss = alpha * losses.soft_target_loss(s, t.clone(), T)
        loss += (1 - alpha) * F.cross_entropy(s, y)
        loss.backward()
        optimizer.step()
        total += float(loss) * x.size(0)
    return total / sum(x.size(0) for x, _, _ in batches)


my_width = torch.tensor(my_width)
low_end = np.float32(low_end)
guess_agreement = 50.5
""",
    ),
]
