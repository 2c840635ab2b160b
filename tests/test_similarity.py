"""Measures between models of different widths, against scikit-learn and brute force."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from course_lib.models import LSTMClassifier
from course_lib.similarity import floors, linear_cka, readable_share, states_of
from tests.tasks import make_task


def some(*shape, seed=0):
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64)


def uneven(words=300, width=12):
    """States whose variance lies mostly in a few directions, and not round 0."""
    return some(words, width) * 0.6 ** torch.arange(width) @ some(width, width) + 3


def test_states_stand_text_by_text_without_padding():
    model, task = LSTMClassifier(12, 2, 4, 3, num_layers=2), make_task(9)
    states = states_of(model, task, layer=1)
    start = 0
    for text in task.tokens:
        tokens = torch.from_numpy(text).long()[None]
        with torch.no_grad():
            alone = model.eval().states(tokens, torch.tensor([len(text)]))[0]
        part = states[start : start + len(text)]
        torch.testing.assert_close(part.float(), alone, atol=1e-6, rtol=1e-5)
        start += len(text)
    assert start == len(states)


@pytest.mark.parametrize("width", [1, 4, 12])
def test_what_a_trained_projection_leaves_is_what_pca_leaves(width):
    states = uneven()
    kept = PCA(width).fit(states.numpy()).explained_variance_ratio_.sum()
    assert floors(states, width)[0] == pytest.approx(1 - kept, abs=1e-9)


def test_what_a_random_one_leaves_is_the_share_of_missing_directions_on_average():
    """The best states behind each projection are found by least squares."""
    states, width, left = uneven(), 3, []
    centred = states - states.mean(0)
    for seed in range(300):
        weight = some(12, width, seed=seed)
        best = torch.linalg.lstsq(weight, centred.T).solution  # (width, words)
        rest = centred.T - weight @ best
        left.append((rest.square().sum() / centred.square().sum()).item())
    mean, error = np.mean(left), np.std(left) / 300**0.5
    assert abs(mean - floors(states, width)[1]) < 4 * error
    assert floors(states, width)[1] == 0.75
    assert floors(states, 20) == (0.0, 0.0)


def test_a_reader_is_a_linear_regression_judged_on_other_words():
    student, new = some(200, 4), some(100, 4, seed=1)
    teacher = torch.tanh(student @ some(4, 6, seed=2)) + 1
    new_teacher = torch.tanh(new @ some(4, 6, seed=2)) + 1
    fit = LinearRegression().fit(student.numpy(), teacher.numpy())
    expected = r2_score(
        new_teacher.numpy(),
        fit.predict(new.numpy()),
        multioutput="variance_weighted",
    )
    share = readable_share(student, teacher, new, new_teacher)
    assert share == pytest.approx(expected, abs=1e-9)
    twice = torch.cat([student, student], 1), torch.cat([new, new], 1)
    again = readable_share(twice[0], teacher, twice[1], new_teacher)
    assert again == pytest.approx(share, abs=1e-9)  # of features that say the same


def test_alignment_is_a_cosine_of_centred_tables_of_dot_products():
    one, other = uneven(60), some(60, 5, seed=3)
    middle = torch.eye(60, dtype=torch.float64) - 1 / 60
    k, m = (middle @ x @ x.T @ middle for x in (one, other))
    expected = (k * m).sum() / (k.norm() * m.norm())
    assert linear_cka(one, other) == pytest.approx(expected.item())
    turn = torch.linalg.qr(some(12, 12, seed=4))[0]
    assert linear_cka(one, 3 * one @ turn - 2) == pytest.approx(1)
