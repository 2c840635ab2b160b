import numpy as np
import torch
from exercises import exercise_tests

from course_lib.checks import bert_teacher as check


def parameters(vocabulary, hidden, layers):
    embeddings = (vocabulary + 512 + 2) * hidden + 2 * hidden
    layer = 12 * hidden**2 + 13 * hidden
    return embeddings + layers * layer + hidden**2 + hidden


def head_and_tail(pieces, max_tokens):
    if len(pieces) <= max_tokens:
        return pieces
    inside, room = pieces[1:-1], max_tokens - 2
    tail = room // 2
    kept = inside[: room - tail] + inside[len(inside) - tail :]
    return [pieces[0], *kept, pieces[-1]]


def rate(steps, typical, budget):
    return 2 * budget * typical / steps


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


ANSWERS = {
    "bert_parameters": [parameters, lambda *given: torch.tensor(parameters(*given))],
    "head_and_tail": [
        head_and_tail,
        lambda *given: np.array(head_and_tail(*given)),
        lambda *given: tuple(head_and_tail(*given)),
    ],
    "rate_for": [rate, lambda *given: np.float64(rate(*given))],
    "soft_targets": [soft_targets, with_one_array],
}

WRONG = {
    "bert_parameters": [
        (lambda v, h, n: parameters(v, h, n) - h * h - h, "hidden = 2", "pooler is"),
        (lambda v, h, n: parameters(v, h, n) - 512 * h, "layers = 1", "512 places"),
        (lambda v, h, n: parameters(v, h, n) - 13 * h * n, "layers = 1", "biases and"),
        (lambda v, h, n: parameters(v, h, 1), "layers = 12", "a single layer"),
        (lambda v, h, n: parameters(v, h, n) + 2 * h + 2, "layers = 1", "a head for"),
        (lambda *given: "many", "vocabulary = 10", "one number"),
    ],
    "head_and_tail": [
        (lambda pieces, n: pieces[:n], "max_tokens = 6", "[SEP] at the end"),
        (
            lambda pieces, n: [pieces[0], *pieces[1:-1][: n - 2], pieces[-1]],
            "max_tokens = 6",
            "head alone",
        ),
        (
            lambda pieces, n: [pieces[0], *pieces[1:-1][-(n - 2) :], pieces[-1]],
            "max_tokens = 6",
            "tail alone",
        ),
        (lambda pieces, n: pieces, "max_tokens = 6", "expected [101"),
        (
            lambda pieces, n: head_and_tail(pieces, n)[1:-1],
            "max_tokens = 6",
            "Put [CLS] and [SEP] back",
        ),
        (
            lambda pieces, n: (
                pieces
                if len(pieces) <= n
                else [
                    pieces[0],
                    *pieces[1:-1][: n - 2 - (n - 2) // 2],
                    *pieces[1:-1][-((n - 2) // 2) :],
                    pieces[-1],
                ]
            ),
            "max_tokens = 3",
            "`inside[-0:]`",
        ),
        (lambda pieces, n: pieces.clear() or [1], "max_tokens = 6", "the list itself"),
        (lambda pieces, n: 5, "max_tokens = 6", "expected a list"),
    ],
    "rate_for": [
        (lambda s, w, b: b * w / s, "steps = 1000", "half of the rate"),
        (lambda s, w, b: b * w / s / 2, "steps = 1000", "half round"),
        (lambda s, w, b: 2 * b / s, "steps = 1000", "typical weights"),
        (lambda s, w, b: 2 * b * w * s, "steps = 1000", "divide"),
        (lambda s, w, b: s / (2 * b * w), "steps = 1000", "upside down"),
        (lambda *given: [1], "steps = 1000", "one number"),
        (lambda *given: 2e-5, "steps = 1000", "expected 4e-05"),
    ],
    "soft_targets": [
        (lambda m, b: soft_targets(m, b, calm=False), "train mode", "rolled dice"),
        (lambda m, b: soft_targets(m, b, order=False), "[4, 1, 0]", "each batch's"),
        (lambda m, b: soft_targets(m, b, gradient=True), "expected one", "no_grad"),
        (lambda m, b: soft_targets(m, b, give_back=False), "train mode", "another"),
        (lambda m, b: soft_targets(m, b).softmax(-1), "expected [[", "probabilities"),
        (lambda m, b: soft_targets(m, b)[:3], "shape (5, 2)", "shape (3, 2)"),
        (lambda m, b: soft_targets(m, b).tolist(), "expected a tensor", "list"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)


def test_the_readers_random_numbers_are_left_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    check.soft_targets(soft_targets)
    assert torch.rand(3).equal(expected)
