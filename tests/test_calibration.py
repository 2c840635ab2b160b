import numpy as np
import pytest

from course_lib.calibration import BOUNDS, calibration_temperature


def draw(scale, classes=3, rows=20_000, seed=0):
    """Logits that are `scale` times too sure, and labels that follow the truth."""
    random = np.random.default_rng(seed)
    z = random.normal(size=(rows, classes)) * 1.5
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    labels = (random.random((rows, 1)) > p.cumsum(1)).sum(1)
    return scale * z, np.minimum(labels, classes - 1)


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_it_finds_by_how_much_a_model_is_too_sure(scale):
    assert calibration_temperature(*draw(scale)) == pytest.approx(scale, rel=0.05)


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_it_does_so_for_many_labels(scale):
    random = np.random.default_rng(1)
    z = random.normal(size=(20_000, 3)) * 1.5
    labels = (random.random(z.shape) < 1 / (1 + np.exp(-z))).astype(np.float32)
    assert calibration_temperature(scale * z, labels) == pytest.approx(scale, rel=0.05)


def test_two_classes_are_one_yes_or_no():
    """softmax over (z, 0) is the sigmoid of z, and must get the same temperature."""
    z, labels = draw(2.0, classes=2, rows=2_000)
    gap = z[:, 1:] - z[:, :1]
    multi_hot = labels[:, None].astype(float)
    assert calibration_temperature(z, labels) == pytest.approx(
        calibration_temperature(gap, multi_hot), rel=1e-4
    )


def test_a_split_read_without_a_mistake_asks_for_no_zero():
    z = np.array([[1.0, 0.0], [0.0, 1.0]])
    low, high = BOUNDS
    found = calibration_temperature(z, np.array([0, 1]))
    assert low <= found <= 1.001 * low
    assert 0.999 * high <= calibration_temperature(z, np.array([1, 0])) <= high
