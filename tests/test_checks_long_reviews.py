import numpy as np
import torch
from exercises import exercise_tests
from scipy.stats import norm

from course_lib.checks import long_reviews as check
from course_lib.models.segmented import pool_segments, segment_weights
from course_lib.segments import segments


def cut_while(tokens, length, stride):
    found, start = [], 0
    while True:
        found.append(tokens[start : start + length])
        if start + length >= len(tokens):
            return found
        start += stride


def cut_by_counting(tokens, length, stride):
    more = -(-max(len(tokens) - length, 0) // stride)
    return tuple(tuple(tokens[i * stride :][:length]) for i in range(1 + more))


def cut_everything(tokens, length, stride):
    return [tokens[i : i + length] for i in range(0, len(tokens), stride)]


def only_full(tokens, length, stride):
    last = len(tokens) - length + 1
    return [tokens[i : i + length] for i in range(0, last, stride)]


def with_a_tail(tokens, length, stride):
    return [*cut_while(tokens, length, stride), tokens[-length:]]


def pooled_by_index(said, scores, real):
    rows = [scores[i, real[i]].softmax(0) @ said[i, real[i]] for i in range(len(said))]
    return torch.stack(rows)


def pooled_by_exponents(said, scores, real):
    e = (scores - scores.max()).exp() * real
    return torch.einsum("bs,bsl->bl", e / e.sum(1, keepdim=True), said)


def pooled_by_where(said, scores, real):
    w = torch.where(real, scores, -torch.inf).softmax(1)
    return torch.bmm(w[:, None], said)[:, 0]


def pooled_with_zeros(said, scores, real):
    return ((scores * real).softmax(1)[..., None] * said).sum(1)


def noise_by_mean(p, head):
    m = np.bincount(head, p)[head] / np.bincount(head)[head]
    return (m * (1 - m)).mean(), ((p - m) ** 2).mean()


def noise_by_total_variance(p, head):
    _, teacher = noise_by_mean(p, head)
    return [teacher + (p * (1 - p)).mean(), teacher]


def noise_by_loop(p, head):
    label = teacher = 0.0
    for h in set(head.tolist()):
        mine = p[head == h]
        label += len(mine) * mine.mean() * (1 - mine.mean())
        teacher += len(mine) * mine.var()
    return np.array([label, teacher]) / len(p)


def by_quantile(scores):
    return scores.max(1) > norm.ppf(0.9 ** (1 / scores.shape[1]))


def by_bonferroni(scores):
    """A shade too careful, and within what is allowed."""
    return norm.sf(scores).min(1) < 0.1 / scores.shape[1]


def by_simulation(scores):
    noise = np.random.default_rng(7).normal(size=(9_000, scores.shape[1]))
    return scores.max(1) > np.quantile(noise.max(1), 0.9)


def by_adjusted_p(scores):
    return 1 - norm.cdf(scores.max(axis=1)) ** scores.shape[1] < 0.1


def mean_alarm(scores):
    return scores.mean(1) * scores.shape[1] ** 0.5 > norm.ppf(0.9)


ANSWERS = {
    "segments": [segments, cut_while, cut_by_counting],
    "pool": [
        pooled_by_index,
        pooled_by_exponents,
        pooled_by_where,
        lambda said, scores, real: (
            segment_weights(scores, real)[..., None] * said
        ).sum(1),
    ],
    "noise": [noise_by_mean, noise_by_total_variance, noise_by_loop],
    "alarm": [by_quantile, by_bonferroni, by_simulation, by_adjusted_p],
}

WRONG = {
    "segments": [
        (cut_everything, "Stop when"),
        (only_full, "left at the end"),
        (lambda t, length, stride: cut_while(t, stride, stride), "next one begins"),
        (lambda t, length, stride: cut_while(t, length, length), "overlap"),
        (with_a_tail, "first that reaches it"),
        (lambda t, length, stride: [t[:length]], "10 tokens"),
        (lambda t, length, stride: [t[:length], t[-length:]], "10 tokens"),
        (lambda t, length, stride: len(cut_while(t, length, stride)), "a list"),
    ],
    "pool": [
        (lambda v, s, r: (s.softmax(1)[..., None] * v).sum(1), "Blanks take part"),
        (pooled_with_zeros, "e to the 0"),
        (lambda v, s, r: pool_segments(v, r, "mean"), "without the scores"),
        (lambda v, s, r: pool_segments(v, r, "max"), "largest"),
        (lambda v, s, r: ((s.exp() * r)[..., None] * v).sum(1), "sum to 1"),
        (
            lambda v, s, r: (s[..., None].softmax(-1) * r[..., None] * v).sum(1),
            "length one",
        ),
        (lambda v, s, r: pooled_by_where(v.softmax(2), s, r), "Probabilities"),
        (lambda v, s, r: pooled_by_where(v, -s, r), "segments, in rows"),
        (lambda v, s, r: segment_weights(s, r), "shape"),
    ],
    "noise": [
        (lambda p, h: noise_by_mean(p, h)[::-1], "other way round"),
        (lambda p, h: (p.mean() * (1 - p.mean()), p.var()), "own head"),
        (
            lambda p, h: (noise_by_mean(p, h)[0], (p * (1 - p)).mean()),
            "takes away",
        ),
        (lambda p, h: [noise_by_mean(p, h)[1]] * 2, "0 or 1"),
        (lambda p, h: np.sqrt(noise_by_loop(p, h)), "not roots"),
        (lambda p, h: noise_by_mean(p, h)[0], "two numbers"),
        (lambda p, h: noise_by_mean(p, h * 0), "own head"),
        (
            lambda p, h: np.mean(
                [noise_by_mean(p[h == k], h[h == k] * 0) for k in set(h)], axis=0
            ),
            "frequent",
        ),
    ],
    "alarm": [
        (lambda s: s.max(1) > norm.ppf(0.9), "with 4 segments of pure noise"),
        (lambda s: s.max(1) > (2 * np.log(s.shape[1])) ** 0.5, "pure noise"),
        (mean_alarm, "drown"),
        (lambda s: s[:, 0] > norm.ppf(0.9), "with 4 segments, one"),
        (lambda s: s.max(1) > 2.46, "with 1 segment of pure noise"),
        (lambda s: np.zeros(len(s), dtype=bool), "pure noise"),
        (lambda s: np.arange(len(s)) % 10 == 0, "one of them lifted"),
        (lambda s: s > 1.3, "shape"),
        (lambda s: s.max(1), "True or False"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
