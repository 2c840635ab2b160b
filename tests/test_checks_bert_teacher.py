import math

import numpy as np
import pytest
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib.checks import bert_teacher as check


def parameters(vocabulary, hidden, layers):
    embeddings = (vocabulary + 512 + 2) * hidden + 2 * hidden
    layer = 12 * hidden**2 + 13 * hidden
    return embeddings + layers * layer + hidden**2 + hidden


def attention(q, k, v, keep):
    scores = q @ k.T / q.shape[1] ** 0.5
    return scores.masked_fill(keep == 0, -torch.inf).softmax(dim=-1) @ v


def attention_in_loops(q, k, v, keep):
    rows = []
    for i in range(len(q)):
        weights = [
            math.exp(float(q[i] @ k[j]) / math.sqrt(len(q[i]))) * int(keep[j])
            for j in range(len(k))
        ]
        rows.append(sum(w * v[j] for j, w in enumerate(weights)) / sum(weights))
    return torch.stack(rows)


def attention_of_words_alone(q, k, v, keep):
    """Blanks are left out before anything is computed; in double precision."""
    here = keep.bool()
    scores = torch.einsum("id,jd->ij", q.double(), k.double()[here]) / q.shape[1] ** 0.5
    return scores.softmax(1) @ v.double()[here]


def attention_by_torch(q, k, v, keep):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=keep.bool()[None])


def attention_with_shares_of_the_rest(q, k, v, keep):
    scores = np.einsum("if,jf->ij", q.numpy(), k.numpy()) / q.shape[1] ** 0.5
    weights = np.exp(scores - scores.max(-1, keepdims=True)) * keep.numpy()
    return weights / weights.sum(-1, keepdims=True) @ v.numpy()


def noise(ask, n):
    one, other = (torch.stack([ask() for _ in range(n)]).mean(0) for _ in range(2))
    return (one - other).square().mean().sqrt()


def noise_in_loops(ask, n):
    answers = [ask() for _ in range(2 * n)]
    one, other = sum(answers[:n]) / n, sum(answers[n:]) / n
    squares = [float(d) ** 2 for d in one - other]
    return math.sqrt(sum(squares) / len(squares))


def noise_by_numpy(ask, n):
    answers = np.array([ask().numpy() for _ in range(2 * n)], dtype=np.float64)
    apart = answers[::2].mean(0) - answers[1::2].mean(0)
    return np.sqrt((apart**2).mean())


def soft_targets(model, batches, calm=True, order=True, gradient=False, give_back=True):
    was_training = model.training
    model.train(model.training and not calm)
    with torch.set_grad_enabled(gradient):
        logits = torch.cat([model(b.tokens, b.lengths) for b in batches])
    if give_back:
        model.train(was_training)
    index = torch.cat([batch.index for batch in batches])
    return logits[index.argsort()] if order else logits


def with_one_array(model, batches):
    rows = torch.zeros(sum(len(b.index) for b in batches), 2)
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for batch in batches:
            rows[batch.index] = model(batch.tokens, batch.lengths)
    model.train(was_training)
    return rows


def five_texts(model, batches):
    return torch.cat([soft_targets(model, batches), torch.zeros(5, 2)])[:5]


def by_their_first_logit(model, batches):
    logits = soft_targets(model, batches)
    return logits[logits[:, 0].argsort()]


def always_trained_again(model, batches):
    logits = soft_targets(model, batches)
    model.train()
    return logits


def text_by_text(model, batches):
    was_training, rows = model.training, {}
    model.eval()
    for batch in batches:
        for i, place in enumerate(batch.index.tolist()):
            logits = model(batch.tokens[i : i + 1], batch.lengths[i : i + 1])
            rows[place] = logits.detach()[0]
    model.train(was_training)
    return torch.stack([rows[place] for place in sorted(rows)])


def tensor_by_tensor(vocabulary, hidden, layers):
    def linear(rows, columns):
        return rows * columns + columns

    square, normal = linear(hidden, hidden), 2 * hidden
    inside = linear(hidden, 4 * hidden) + linear(4 * hidden, hidden)
    layer = 4 * square + normal + inside + normal
    tables = sum(rows * hidden for rows in (vocabulary, 512, 2))
    return tables + normal + sum(layer for _ in range(layers)) + square


def index_of(batches):
    return torch.cat([batch.index for batch in batches])


def mean_of(ask, n):
    return sum(ask() for _ in range(n)) / n


def cached(ask):
    answer = ask()
    return lambda: answer


ANSWERS = {
    "bert_parameters": [
        parameters,
        lambda *given: torch.tensor(parameters(*given)),
        tensor_by_tensor,
        lambda *given: float(parameters(*given)),
    ],
    "attention": [
        attention,
        attention_in_loops,
        attention_of_words_alone,
        attention_by_torch,
        lambda *given: attention(*given).tolist(),
        attention_with_shares_of_the_rest,
    ],
    "noise": [noise, noise_in_loops, noise_by_numpy],
    "soft_targets": [soft_targets, with_one_array, text_by_text],
}

WRONG = {
    "bert_parameters": [
        (lambda v, h, n: parameters(v, h, n) - h * h - h, "hidden = 2", "pooler is"),
        (lambda v, h, n: parameters(v, h, n) - 512 * h, "layers = 1", "512 places"),
        (lambda v, h, n: parameters(v, h, n) - 13 * h * n, "layers = 1", "biases and"),
        (lambda v, h, n: parameters(v, h, 1), "layers = 12", "a single layer"),
        (lambda v, h, n: parameters(v, h, n) + 2 * h + 2, "layers = 1", "a head for"),
        (lambda *given: "many", "vocabulary = 10", "one number"),
        (lambda v, h, n: parameters(v, 384, 6), "hidden = 2"),
        (lambda v, h, n: parameters(v, h, max(n, 1)), "layers = 0"),
        (lambda v, h, n: parameters(v, h, n) - 2 * h, "hidden = 2", "normalisation"),
    ],
    "attention": [
        (
            lambda q, k, v, keep: attention(q, k, v, torch.ones_like(keep)),
            "3 words",
            "The blanks were looked at",
        ),
        (
            lambda q, k, v, keep: (q @ k.T * keep / q.shape[1] ** 0.5).softmax(-1) @ v,
            "3 words",
            "minus infinity",
        ),
        (
            lambda q, k, v, keep: (
                ((q @ k.T / q.shape[1] ** 0.5).softmax(-1) * keep) @ v
            ),
            "3 words",
            "too late",
        ),
        (
            lambda q, k, v, keep: (
                (q @ k.T / q.shape[1] ** 0.5)
                .masked_fill((keep == 0)[:, None], -1e9)
                .softmax(-1)
                @ v
            ),
            "3 words",
            "empties a column",
        ),
        (
            lambda q, k, v, keep: attention(q * q.shape[1] ** 0.5, k, v, keep),
            "3 words",
            "not divided",
        ),
        # The root of 2, which is right for the words on the page.
        (
            lambda q, k, v, keep: attention(q * (q.shape[1] / 2) ** 0.5, k, v, keep),
            "4 words of 5 features",
            "The root is of the number of features",
        ),
        (
            lambda q, k, v, keep: attention(q / q.shape[1] ** 0.5, k, v, keep),
            "3 words",
            "The root is of",
        ),
        (lambda q, k, v, keep: attention(k, q, v, keep), "3 words", "the key of"),
        # Blanks at the end only: cuts them off by their number.
        (
            lambda q, k, v, keep: attention(
                q, k, v, (torch.arange(len(keep)) < keep.sum()).long()
            ),
            "keep = [1, 0, 1, 1]",
        ),
        (
            lambda q, k, v, keep: attention(q, k, v, keep)[keep.bool()],
            "shape (2, 2)",
        ),
        # Not quite minus infinity, and blanks that hand over or look at nothing.
        (
            lambda q, k, v, keep: (
                (q @ k.T / q.shape[1] ** 0.5 - 5 * (1 - keep)).softmax(-1) @ v
            ),
            "3 words",
        ),
        (
            lambda q, k, v, keep: attention(
                q, k, v * keep[:, None], torch.ones_like(keep)
            ),
            "too late",
        ),
        (
            lambda q, k, v, keep: attention(q, k, v, keep) * keep[:, None],
            "keep = [1, 1, 0]",
        ),
    ],
    "noise": [
        (lambda ask, n: noise(ask, n) ** 2, "n = 1", "its root"),
        (lambda ask, n: noise(ask, n) / 2**0.5, "n = 1", "spread of one"),
        (lambda ask, n: noise(ask, 1), "n = 4", "asked 2 times"),
        (lambda ask, n: noise(ask, n) * 0 + noise(ask, 1), "n = 4", "single"),
        # The same answers in both.
        (lambda ask, n: noise(cached(ask), n), "n = 1", "asked 1 times"),
        # Hard-coded for the first case, and asked only for show.
        (lambda ask, n: noise(ask, n) * 0 + 0.1 * (2 / n) ** 0.5, "spread of 0.02"),
        (
            lambda ask, n: (mean_of(ask, n) - mean_of(ask, n)).abs().mean(),
            "n = 1",
            "mean distance",
        ),
        (
            lambda ask, n: (mean_of(ask, n).mean() - mean_of(ask, n).mean()).abs(),
            "n = 1",
            "for each text",
        ),
        # An average over one answer too few.
        (lambda ask, n: noise(ask, n) * (n / max(1, n - 1)) ** 0.5, "n = 4"),
        (lambda ask, n: mean_of(ask, 2 * n), "expected one number"),
    ],
    "soft_targets": [
        (lambda m, b: soft_targets(m, b, calm=False), "train mode", "rolled dice"),
        (lambda m, b: soft_targets(m, b, order=False), "[4, 1, 0]", "each batch's"),
        (lambda m, b: soft_targets(m, b, gradient=True), "expected one", "no_grad"),
        (lambda m, b: soft_targets(m, b, give_back=False), "train mode", "another"),
        (lambda m, b: soft_targets(m, b).softmax(-1), "expected [[", "probabilities"),
        (lambda m, b: soft_targets(m, b)[:3], "shape (5, 2)", "shape (3, 2)"),
        (five_texts, "batches of texts [1], [2, 0]", "shape (3, 2)"),
        (by_their_first_logit, "batches of texts [4, 1, 0], [3, 2]"),
        (always_trained_again, "a teacher in eval mode", "in another mode"),
        (lambda m, b: soft_targets(m, b).tolist(), "expected a tensor", "list"),
        # The index is right for this batch, and taken the wrong way round.
        (lambda m, b: soft_targets(m, b, order=False)[index_of(b)], "the wrong way"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_readers_random_numbers_are_left_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    check.soft_targets(soft_targets)
    assert torch.rand(3).equal(expected)


@pytest.mark.parametrize("guess", [2, 4.0, 16])
def test_any_guess_is_a_guess(guess):
    assert check.noise(noise, guess).state == "solved"


@pytest.mark.parametrize("guess", ["four", -4, 0, True])
def test_what_is_no_factor_is_no_guess(guess):
    result = check.noise(noise, guess)
    assert result.state == "not yet"
    assert "expected a number" in result.message


def test_without_a_guess_the_exercise_is_open():
    assert check.noise(noise, ...).state == "open"
