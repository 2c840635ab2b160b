import math

import numpy as np
import torch
from exercises import exercise_tests
from torch import nn
from torch.nn import functional as F

from course_lib.checks import lstm_teacher as check


def at_last_word(states, lengths):
    return states[torch.arange(len(states)), lengths - 1]


def largest_of_its_words(states, lengths):
    word = torch.arange(states.shape[1]) < lengths[:, None]
    return states.masked_fill(~word[..., None], -torch.inf).amax(1)


def score(words):
    f = 0.5 ** (1 / words)
    return math.log(f / (1 - f))


def back(x, w, u, y):
    h = [0.0]
    for word in x:
        h.append(math.tanh(w * word + u * h[-1]))
    delta, dw, du = (h[-1] - y) * (1 - h[-1] ** 2), 0.0, 0.0
    for t in range(len(x) - 1, -1, -1):
        dw, du = dw + delta * x[t], du + delta * h[t]
        delta *= u * (1 - h[t] ** 2)
    return dw, du


def forwards(x, w, u, y):
    """Without a way back: how the state moves with each weight, word by word."""
    h, moves = 0.0, np.zeros(2)
    for word in x:
        before, h = h, np.tanh(w * word + u * h)
        moves = (1 - h**2) * (np.array([word, before]) + u * moves)
    return (h - y) * moves


def in_tensors(x, w, u, y):
    words, h = torch.tensor(x, dtype=torch.float64), [torch.zeros(())]
    for word in words:
        h.append(torch.tanh(w * word + u * h[-1]))
    slopes = 1 - torch.stack(h).square()
    deltas = torch.zeros(len(x))
    delta = (h[-1] - y) * slopes[-1]
    for t in reversed(range(len(x))):
        deltas[t], delta = delta, delta * u * slopes[t]
    return (deltas * words).sum(), (deltas * torch.stack(h)[:-1]).sum()


def by_autograd(x, w, u, y):
    weights = torch.tensor([w, u], requires_grad=True)
    h = torch.zeros(())
    for word in x:
        h = torch.tanh(weights[0] * word + weights[1] * h)
    return torch.autograd.grad((h - y) ** 2 / 2, weights)[0]


def by_func_grad(x, w, u, y):
    def loss(weights):
        h = torch.tensor(0.0)
        for word in x:
            h = torch.tanh(weights[0] * word + weights[1] * h)
        return (h - y) ** 2 / 2

    return torch.func.grad(loss)(torch.tensor([w, u]))


def two_words(x, w, u, y):
    (h1, h2), (x1, x2) = [np.tanh(w * x[0]), 0], (x[0], x[-1])
    h2 = np.tanh(w * x2 + u * h1)
    delta2 = (h2 - y) * (1 - h2**2)
    delta1 = delta2 * u * (1 - h1**2)
    return delta2 * x2 + delta1 * x1, delta2 * h1


def state_after(x, w, u, y):
    """dL/du with each word's own state in place of the one before."""
    h = [0.0]
    for word in x:
        h.append(math.tanh(w * word + u * h[-1]))
    delta, du = (h[-1] - y) * (1 - h[-1] ** 2), 0.0
    for t in range(len(x), 0, -1):
        du += delta * h[t]
        delta *= u * (1 - h[t - 1] ** 2)
    return back(x, w, u, y)[0], du


def learner(x, labels, new, score, *, gate=1, split=False, pool=None, steps=200):
    """An LSTM of 16 units; `gate` says whose bias is set, `pool` what is read."""
    lstm, head = nn.LSTM(1, 16, batch_first=True).to(x.dtype), nn.Linear(16, 2)
    head, pool = head.to(x.dtype), pool or (lambda states: states[:, -1])
    quarter = slice(16 * gate, 16 * gate + 16)
    with torch.no_grad():
        lstm.bias_ih_l0[quarter] = score / 2 if split else score
        lstm.bias_hh_l0[quarter] = score / 2 if split else 0.0
    optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=0.01)
    for _ in range(steps):
        rows = torch.randint(len(x), (64,))
        loss = F.cross_entropy(head(pool(lstm(x[rows])[0])), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return head(pool(lstm(new)[0])).argmax(-1)


class OneLogit(nn.Module):
    """The same idea in another style: one logit, a last state, a model of its own."""

    def __init__(self, score):
        super().__init__()
        self.lstm, self.head = nn.LSTM(1, 16), nn.Linear(16, 1)
        for name, bias in self.lstm.named_parameters():
            if "bias" in name:
                bias.data.chunk(4)[1].fill_(score if "ih" in name else 0)

    def forward(self, x):
        _, (h, _) = self.lstm(x.transpose(0, 1))
        return self.head(h[0])[:, 0]


def one_logit(x, labels, new, score):
    model, order = OneLogit(score), torch.arange(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(200):
        if len(order) < 64:
            order = torch.randperm(len(x))
        rows, order = order[:64], order[64:]
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(x[rows]), labels[rows].float())
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        return (model(new) > 0).numpy()


def blanks_matter(model, tokens, lengths, blanks=20, atol=1e-4):
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        before = model(tokens, lengths)
        after = model(F.pad(tokens, (0, blanks)), lengths)
    model.train(was_training)
    return not torch.allclose(before, after, atol=atol)


def moved(model, tokens, lengths, change):
    """Whether a change of the tokens or lengths moves the logits, in eval mode."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        before, after = model(tokens, lengths), change(model, tokens, lengths)
    model.train(was_training)
    return not torch.allclose(before, after, atol=1e-4)


def blanks_in_front(*given):
    return moved(*given, lambda model, t, n: model(F.pad(t, (20, 0)), n))


def lengths_too(*given):
    return moved(*given, lambda model, t, n: model(F.pad(t, (0, 20)), n + 20))


def words_for_blanks(*given):
    return moved(*given, lambda model, t, n: model(F.pad(t, (0, 20), value=1), n))


def one_by_one(*given):
    def change(model, t, n):
        rows = zip(t[:, None], n[:, None], strict=True)
        return torch.cat([model(F.pad(row, (0, 7)), own) for row, own in rows])

    return moved(*given, change)


def without_eval(model, tokens, lengths):
    return not torch.allclose(
        model(tokens, lengths), model(F.pad(tokens, (0, 20)), lengths), atol=1e-4
    )


def by_verdict(model, tokens, lengths):
    model.eval()
    wider = model(F.pad(tokens, (0, 20)), lengths)
    return bool((model(tokens, lengths).argmax(1) != wider.argmax(1)).any())


def by_exact_equality(model, tokens, lengths):
    model.eval()
    wider = model(F.pad(tokens, (0, 20)), lengths)
    return not torch.equal(model(tokens, lengths), wider)


def alone_or_in_company(model, tokens, lengths):
    model.eval()
    alone = [
        model(row[None, :n], n[None]) for row, n in zip(tokens, lengths, strict=True)
    ]
    return not torch.allclose(model(tokens, lengths), torch.cat(alone), atol=1e-4)


def first_review(model, tokens, lengths):
    model.eval()
    before, after = model(tokens, lengths), model(F.pad(tokens, (0, 20)), lengths)
    return not torch.allclose(before[0], after[0], atol=1e-4)


ANSWERS = {
    "last_state": [
        at_last_word,
        lambda s, n: torch.stack([row[i - 1] for row, i in zip(s, n, strict=True)]),
        lambda s, n: s.gather(1, (n - 1)[:, None, None].expand(-1, 1, s.shape[2]))[
            :, 0
        ],
        lambda s, n: (s.double() * F.one_hot(n - 1, s.shape[1]).unsqueeze(-1)).sum(1),
        lambda s, n: at_last_word(s, n).tolist(),
        lambda s, n: s.numpy()[np.arange(len(s)), n.numpy() - 1],
    ],
    "forget_score": [
        score,
        lambda words: -math.log(2 ** (1 / words) - 1),
        lambda words: -np.log(np.expm1(np.log(2) / words)),
        lambda words: torch.tensor([0.5]).pow(1 / words).logit(),
        lambda words: torch.logit(
            torch.tensor(0.5, dtype=torch.float64) ** (1 / words)
        ),
    ],
    "through_time": [back, forwards, in_tensors, lambda *given: list(back(*given))],
    "reader": [
        learner,
        one_logit,
        lambda x, labels, new, score: learner(
            x.double(), labels, new.double(), score, split=True
        ).tolist(),
    ],
    "depends_on_padding": [
        blanks_matter,
        lambda *given: blanks_matter(*given, blanks=1),
        lambda *given: torch.tensor(blanks_matter(*given)),
        lambda *given: np.bool_(blanks_matter(*given)),
        one_by_one,
    ],
}

WRONG = {
    "last_state": [
        (lambda s, n: s[:, -1], "lengths [3, 1]", "last column"),
        (
            lambda s, n: s[torch.arange(len(s)), n.clamp(max=s.shape[1] - 1)],
            "lengths [3, 1]",
            "one too far",
        ),
        (lambda s, n: s[:, n - 1], "lengths [3, 1]", "last words of all rows"),
        (lambda s, n: s[:, 0], "lengths [3, 1]", "first word"),
        (lambda s, n: s.mean(1), "lengths [3, 1]", "expected [[2.0], [4.0]]"),
        (lambda s, n: at_last_word(s, n).squeeze(), "[3, 1]", "shape (2, 1)"),
        (largest_of_its_words, "[1, 4, 2]", "first word"),
        (lambda s, n: s.cumsum(1)[torch.arange(len(s)), n - 1], "lengths [3, 1]"),
        (lambda s, n: s[torch.arange(len(s)), n - 2], "[3, 1]", "last word but one"),
        (lambda s, n: torch.stack([s[0, 2], s[1, 0]]), "[1, 4, 2]", "shape (2, 2)"),
        (lambda s, n: s[torch.arange(2), n[:2] - 1], "[1, 4, 2]", "shape (2, 2)"),
    ],
    "forget_score": [
        (lambda words: 0.5 ** (1 / words), "words = 10", "the gate itself"),
        (lambda words: -score(words), "words = 10", "sign is turned round"),
        (lambda words: math.log(0.5) / words, "words = 10", "undo the sigmoid"),
        (
            lambda words: math.log(1 / (math.exp(1 / words) - 1)),
            "words = 10",
            "1/e is left",
        ),
        (lambda words: math.log(max(words - 1, 1)), "words = 10", "is near"),
        (lambda words: "long", "words = 10", "one number"),
        (lambda words: 2.6338, "words = 1 ", "expected 0"),
        (lambda words: round(score(words), 1), "words = 10", "expected 2.634"),
        (lambda words: score(words + 1), "words = 10", "expected 2.634"),
        (lambda words: score(max(1, int(words))), "words = 0.5", "expected -1.099"),
    ],
    "through_time": [
        (by_autograd, "You asked autograd", "the formula"),
        (by_func_grad, "You asked autograd", "the formula"),
        (lambda x, w, u, y: back(x, w, abs(u), y), "u = -1.2"),
        (lambda x, w, u, y: back(x[-5:], w, u, y), "x = [0.3"),
        (two_words, "x = [0.5, -1.0, 2.0, 0.25]", "expected"),
        (lambda *given: (-0.24742, -0.07018), "x = [0.5", "expected"),
        (state_after, "x = [1.0, 1.0]", "expected"),
        (lambda *given: back(*given)[::-1], "x = [1.0, 1.0]", "and then dL/dw"),
        (lambda *given: back(*given)[0], "x = [1.0, 1.0]", "Two numbers"),
        (lambda *given: 2 * np.array(back(*given)), "x = [1.0", "one half"),
        (lambda *given: -np.array(back(*given)), "x = [1.0", "sign"),
        *[
            (lambda *given, how=how: check.derivatives(*given, **how), "u = 0.8", why)
            for how, why in [
                ({"back": 1}, "last word's part alone"),
                ({"factor": lambda u, h: 1.0}, "go back unchanged"),
                ({"factor": lambda u, h: u}, "slope of tanh is missing"),
                ({"factor": lambda u, h: 1 - h**2}, "weight u is missing"),
                ({"factor": lambda u, h: u * (1 - h)}, "with a square"),
            ]
        ],
        (
            lambda *given: check.derivatives(*given, back=2),
            "x = [0.5",
            "last two words alone",
        ),
    ],
    "reader": [
        (lambda x, labels, new, score: torch.ones(len(new)), "4 numbers", "train on"),
        (
            lambda x, labels, new, score: (new[:, 0, 0] > 0).long(),
            "4 numbers, with labels turned round",
            "train on",
        ),
        (
            lambda x, labels, new, score: learner(x, labels, new, 5),
            "50 numbers and score 0",
            "about half",
        ),
        (
            lambda *given: learner(*given, pool=lambda states: states[:, 0]),
            "50 numbers and score 0",
            "after the last number",
        ),
        (
            lambda *given: learner(*given, pool=lambda states: states.mean(1)),
            "50 numbers and score 0",
            "after the last number",
        ),
        (
            lambda x, labels, new, score: learner(x, labels, new, 0),
            "50 numbers and score 5",
            "second quarter",
        ),
        (lambda *given: learner(*given, gate=0), "score 5", "second quarter"),
        (
            lambda x, labels, new, score: F.one_hot(learner(x, labels, new, score)),
            "4 numbers",
            "One verdict for each",
        ),
        (lambda x, labels, new, score: 0.9 + 0 * new[:, 0, 0], "4 numbers", "0 or a 1"),
    ],
    "depends_on_padding": [
        (lambda *given: True, "'last word' and a batch", "expected False"),
        (lambda *given: False, "'last column' and a batch", "expected True"),
        (without_eval, "'teacher in train mode'", "dropout"),
        (by_verdict, "'last column' and a batch of lengths [6, 3, 1]", "verdicts"),
        (by_exact_equality, "and a batch", "torch.allclose"),
        (alone_or_in_company, "lengths [4, 4], without padding", "append some blanks"),
        (lambda *given: "yes", "'last word'", "expected True or False"),
        (first_review, "'one review of them'", "all reviews"),
        (lambda *given: blanks_matter(*given, atol=9), "'last column'", "verdicts"),
        (blanks_in_front, "'last word'", "behind the words"),
        (lengths_too, "'last word'", "lengths stay"),
        (words_for_blanks, "'mask of its own'", "which are zeros"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_readers_random_numbers_are_left_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    check.depends_on_padding(blanks_matter)
    assert torch.rand(3).equal(expected)
