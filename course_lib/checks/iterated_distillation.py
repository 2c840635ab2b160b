"""Checks for the exercises of the chapter on iterated distillation."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from course_lib import generations
from course_lib.checks import check
from course_lib.checks.expect import Slips, call, require, same


@check("Right: each generation takes its share of what the last one left.")
def kept(function: Callable[[NDArray, float, int], Any]) -> None:
    """What a generation that hears its predecessor alone keeps of each direction.

    >>> kept(lambda d, ridge, generation: (d / (d + ridge)) ** (generation + 1))
    ✅ Right: each generation takes its share of what the last one left.
    >>> kept(lambda d, ridge, generation: (d / (d + ridge)) ** generation)
    ❌ For d = [4.0, 1.0, 0.0], ridge = 1, generation = 0 you returned [1.0, 1.0, 1.0];
    expected [0.8, 0.5, 0.0]. Generation 0 has shrunk the labels once already.
    """
    d = np.array([4.0, 1.0, 0.0])
    for ridge, generation in ((1.0, 0), (1.0, 1), (0.5, 4), (3.0, 20)):
        once = d / (d + ridge)
        slips: Slips = {
            "That is generation 0's; the later ones learn from what was left.": once,
            "Generation 0 has shrunk the labels once already.": once**generation,
            "That is one regression with a larger ridge; here shares multiply.": (
                d / (d + (generation + 1) * ridge)
            ),
            "That is what is lost.": (
                1 - once ** (generation + 1),
                (ridge / (d + ridge)) ** (generation + 1),
            ),
        }
        given = f"d = {d.tolist()}, ridge = {ridge:g}, generation = {generation}"
        truth = once ** (generation + 1)
        same(call(function, d, ridge, generation), truth, given, slips)


@check("Right: one regression with a larger ridge, and nothing at alpha 1.")
def limit(function: Callable[[NDArray, float, float], Any]) -> None:
    """What is left of each direction when labels are mixed in, for ever.

    >>> limit(lambda d, ridge, alpha: (1 - alpha) * d / ((1 - alpha) * d + ridge))
    ✅ Right: one regression with a larger ridge, and nothing at alpha 1.
    >>> limit(lambda d, ridge, alpha: (1 - alpha) * d / (d + ridge))
    ❌ For d = [4.0, 1.0, 0.0], ridge = 1, alpha = 0.5 you returned [0.4, 0.25, 0.0];
    expected [0.6667, 0.3333, 0.0]. That leaves out what the generation before says.
    """
    d = np.array([4.0, 1.0, 0.0])
    for ridge, alpha in ((1.0, 0.5), (1.0, 0.0), (0.2, 0.9), (2.0, 1.0)):
        a = d / (d + ridge)
        slips: Slips = {
            "That leaves out what the generation before says.": (1 - alpha) * a,
            "Here alpha weighs the generation before, not the labels.": (
                alpha * d / (alpha * d + ridge)
            ),
            "Those are the shares of generation 0.": a,
            "Those are the shares of generation 1.": a * (alpha * a + 1 - alpha),
            "The ridge is divided by 1 - alpha, not multiplied.": (
                d / np.maximum(d + ridge * (1 - alpha), 1e-300)
            ),
            "At alpha 1 that divides zero by zero, or by it; nothing is left.": (
                lambda got: bool(np.isnan(got).any() or (got == 1).any())
            ),
        }
        given = f"d = {d.tolist()}, ridge = {ridge:g}, alpha = {alpha:g}"
        truth = (1 - alpha) * d / ((1 - alpha) * d + ridge)
        with np.errstate(all="ignore"):
            answer = call(function, d, ridge, alpha)
        same(answer, truth, given, slips)


class Curve(NamedTuple):
    """A noisy curve: a kernel and labels to learn from, and others to choose by."""

    kernel: NDArray[np.float64]  # (examples, examples)
    y: NDArray[np.float64]  # (examples,)
    kernel_new: NDArray[np.float64]  # (others, examples)
    y_new: NDArray[np.float64]  # (others,)
    #: What nobody has in earnest: the kernel at more places, and the curve itself.
    everywhere: NDArray[np.float64]
    truth: NDArray[np.float64]


def curve(noise: float, seed: int, examples: int = 40) -> Curve:
    """Draw a curve, and labels with so much noise.

    >>> curve(noise=0.1, seed=0).kernel.shape
    (40, 40)
    """
    random = np.random.default_rng(seed)
    phase, bends = random.uniform(0, 6.28), random.uniform(3, 5)

    def true(x: NDArray) -> NDArray:
        return np.sin(bends * x + phase)

    def between(a: NDArray, b: NDArray) -> NDArray:
        return np.exp(-12 * (a[:, None] - b) ** 2)

    x, other = (np.sort(random.uniform(-1, 1, n)) for n in (examples, 5 * examples))
    many = np.linspace(-1, 1, 201)
    return Curve(
        between(x, x),
        true(x) + noise * random.normal(size=examples),
        between(other, x),
        true(other) + noise * random.normal(size=len(other)),
        between(many, x),
        true(many),
    )


#: How many generations there are to choose from, besides the first.
MOST = 60
#: How noisy the labels are, and the ridge of each generation.
_CASES = ((0.02, 0.05), (0.3, 0.05), (0.8, 0.2), (0.8, 0.01))
#: Of each case, so many curves; and by how much the mean error may exceed the least.
_CURVES, _WITHIN = 8, 1.25


@check("Right: nearly as good as if you had known the curve.")
def stop(function: Callable[..., Any]) -> None:
    """Which generation to keep, from 0 to 60, judged by the curve without noise.

    >>> stop(lambda kernel, y, kernel_new, y_new, ridge: 0)
    ❌ With noise 0.3 and ridge 0.05 you keep generations 0 to 0, and your error is ...
    times that of the best ones; expected less than 1.25 times. Judge each by labels
    that none has learnt from.
    """
    for noise, ridge in _CASES:
        mine, least, chosen = [], [], []
        for seed in range(_CURVES):
            given = curve(noise, seed)
            said = generations.said(
                given.kernel, given.y, ridge, MOST, new=given.everywhere
            )
            error = ((said - given.truth) ** 2).mean(1)  # (generations,)
            value = _place(call(function, *given[:4], ridge), noise, ridge)
            chosen.append(value)
            mine.append(error[value])
            least.append(error.min())
        ratio = float(np.mean(mine) / np.mean(least))
        require(
            ratio < _WITHIN,
            f"With noise {noise:g} and ridge {ridge:g} you keep generations "
            f"{min(chosen)} to {max(chosen)}, and your error is {ratio:.2f} times that "
            f"of the best ones; expected less than {_WITHIN:g} times. Judge each by "
            "labels that none has learnt from.",
        )


def _place(value: Any, noise: float, ridge: float) -> int:
    """Read which generation was chosen."""
    array = np.asarray(value)
    require(
        array.size == 1 and array.dtype.kind in "iu" and 0 <= array.item() <= MOST,
        f"For noise {noise:g} and ridge {ridge:g} you returned {value!r:.60}; expected "
        f"a whole number from 0 to {MOST}.",
    )
    return int(array.item())
