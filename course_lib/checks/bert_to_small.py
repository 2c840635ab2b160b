"""Checks for the exercises of the chapter on small students of a BERT."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks import check
from course_lib.checks.expect import Slips, call, read, require, same
from course_lib.checks.lstm_to_lstm import lstm_parameters

#: How many labels a student alone may be given in the exercise `crossing`.
COUNTS = tuple(25 * 2**k for k in range(8))

#: Numbers (texts, 10), and an answer to each: log-odds (texts,) or labels (texts,).
Texts = tuple[NDArray[np.float64], NDArray[Any]]


@check("Right: the file is a straight line in the features.")
def features_for(function: Callable[[int], Any]) -> None:
    """The largest embedding that fits a budget of bytes.

    >>> features_for(lambda budget: max(0, (budget // 4 - 5_186) // 20_192))
    ✅ Right: the file is a straight line in the features.
    >>> features_for(lambda budget: budget // 80_000)
    ❌ For a budget of 1,232,263 bytes you returned 15; expected 14. The words
    are not all: the gates cost something too.
    """
    size = [4 * lstm_parameters(20_000, e, 24) for e in range(60)]  # with e features
    for budget in (1_000_000, 300_000, size[15], size[15] - 1, 10_000, 0):
        truth = max((e for e in range(1, 60) if size[e] <= budget), default=0)
        slips = {
            "The words are not all: the gates cost something too.": budget // 80_000,
            "That one is just too large.": truth + 1,
        }
        same(call(function, budget), truth, f"a budget of {budget:,} bytes", slips)


@check("Right: nothing is thrown away that nothing else beats.")
def front(function: Callable[[np.ndarray], Any]) -> None:
    """The places of the rows that no other row dominates.

    >>> def best(rows):
    ...     gain = rows * [1, -1, -1]
    ...     return [i for i, row in enumerate(gain)
    ...             if not ((gain >= row).all(1) & (gain > row).any(1)).any()]
    >>> front(best)
    ✅ Right: nothing is thrown away that nothing else beats.
    >>> front(lambda rows: [int(rows[:, 0].argmax())])
    ❌ For 3 models, first [[90.0, 5.0, 1.0], [88.0, 6.0, 2.0], [85.0, 1.0, 0.1]], you
    returned [0]; expected [0, 2]. One is missing: is it beaten in all three, by a
    single model?
    """
    rows = [
        [[90, 5, 1], [88, 6, 2], [85, 1, 0.1]],
        [[90, 5, 1], [90, 5, 1], [90, 6, 1]],
        [[80, 1, 1]],
        [[90, 10, 9], [89, 10, 8], [88, 9, 9], [88, 10, 9]],
        np.random.default_rng(0).random((30, 3)).round(1).tolist(),
    ]
    for points in map(np.array, rows):
        gain = points * [1, -1, -1]
        truth = [
            i
            for i, row in enumerate(gain)
            if not any((other >= row).all() and (other > row).any() for other in gain)
        ]
        slips = {
            "Those are the right ones: put them in ascending order.": (
                lambda got, truth=truth: sorted(got) == truth
            ),
            "One is missing: is it beaten in all three, by a single model?": (
                lambda got, truth=truth: all(i in truth for i in got)
            ),
            "One too many: another is as good in all and better in one.": (
                lambda got, truth=truth: all(i in got for i in truth)
            ),
        }
        given = f"{len(points)} models, first {points[:4].tolist()},"
        same(call(function, points), truth, given, slips)


@check("Right. Only what is beyond its own mistakes has come from the teacher.")
def excess(function: Callable[..., Any]) -> None:
    """How much oftener a taught student repeats its teacher's mistakes.

    >>> def beyond(teacher, taught, alone, labels):
    ...     said = teacher.argmax(1)
    ...     wrong = said != labels
    ...     same = [(m.argmax(1) == said)[wrong].mean() for m in (taught, alone)
    ...             if wrong.any()]
    ...     return same[0] - same[1] if same else 0.0
    >>> excess(beyond)
    ✅ Right. Only what is beyond its own mistakes has come from the teacher.
    >>> excess(lambda *given: -beyond(*given))
    ❌ For 5 mistakes of the teacher in 10 texts you returned -0.4; expected 0.4. The
    other way round: taught minus alone.
    """
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    teacher = np.array([1, 1, 2, 0, 1, 0, 0, 1, 2, 2])
    taught = np.array([1, 2, 2, 0, 1, 0, 1, 0, 2, 0])
    alone = np.array([1, 2, 1, 0, 1, 2, 1, 1, 0, 2])
    others = np.random.default_rng(3).integers(4, size=(4, 30))  # four classes
    for said, own, by_itself, y in (
        (teacher, taught, alone, labels),
        tuple(others),
        (labels, taught, alone, labels),
    ):
        wrong, classes = said != y, max(3, y.max() + 1)
        truth, slips = 0.0, Slips({"What if the teacher makes no mistake?": np.isnan})
        if wrong.any():
            repeats = (own == said)[wrong].mean()
            truth = float(repeats - (by_itself == said)[wrong].mean())
            errs = (own != y)[wrong].mean() - (by_itself != y)[wrong].mean()
            everywhere = ((own == said) & wrong).mean()
            slips = {
                "And how often does the student alone do that?": repeats,
                "The other way round: taught minus alone.": -truth,
                "A mistake is repeated only if it is the same mistake.": errs,
                "A share of the teacher's mistakes, not of all texts.": (
                    everywhere - ((by_itself == said) & wrong).mean()
                ),
                "Only the texts count that the teacher gets wrong.": (
                    (own == said).mean() - (by_itself == said).mean()
                ),
            }
        given = f"{wrong.sum()} mistakes of the teacher in {len(y)} texts"
        logits = [np.eye(classes)[v] * 2.0 - 1 for v in (said, own, by_itself)]
        same(call(function, *logits, y), truth, given, slips)


def small_world(
    angle: float, seed: int = 0
) -> tuple[Texts, Callable[[int, int], Texts], Texts]:
    """Return texts with a teacher's log-odds, a source of labels, and a test.

    A text is ten numbers, of which the first decides. The teacher has a doubt of its
    own about every text, and looks in a direction that is off by `angle`, in radians.

    >>> (x, z), labelled, (test_x, test_y) = small_world(0.3)
    >>> x.shape, z.shape, labelled(5, 0)[1].shape, test_x.shape
    ((4000, 10), (4000,), (5,), (8000, 10))
    """
    random = np.random.default_rng(seed)

    def texts(count: int, random: np.random.Generator) -> Texts:
        x = random.normal(size=(count, 10))
        return x, (random.random(count) < 1 / (1 + np.exp(-3 * x[:, 0]))).astype(int)

    x = random.normal(size=(4_000, 10))
    believed = 3 * (np.cos(angle) * x[:, 0] + np.sin(angle) * x[:, 1])
    told = x, believed + 3 * random.normal(size=len(x))
    draw = np.random.default_rng

    def labelled(count: int, seed: int) -> Texts:
        return texts(count, draw([seed, count]))

    return told, labelled, texts(8_000, random)


@check("Right: a teacher twice as far off is worth a quarter of the labels.")
def crossing(function: Callable[..., Any]) -> None:
    """From how many labels on a student alone is better than one that is taught.

    >>> from sklearn.linear_model import LogisticRegression
    >>> def taught(x, z):
    ...     w = np.linalg.lstsq(np.c_[x, np.ones(len(x))], z, rcond=None)[0]
    ...     return lambda x, y: ((x @ w[:-1] + w[-1] > 0) == y).mean()
    >>> def first(told, labelled, test):
    ...     bar = taught(*told)(*test)
    ...     for n in COUNTS:
    ...         fits = [LogisticRegression().fit(*labelled(n, s)) for s in range(10)]
    ...         if np.mean([fit.score(*test) for fit in fits]) > bar:
    ...             return n
    >>> crossing(first)
    ✅ Right: a teacher twice as far off is worth a quarter of the labels.
    >>> crossing(lambda told, labelled, test: 400)
    ❌ For a teacher that is off by 0.4 you returned 400; expected about 100. Too many:
    is the bar the accuracy of the taught student, on the same test?
    """
    often = []
    for angle, truth in {0.2: 400, 0.4: 100, 0.6: 50}.items():
        given = f"a teacher that is off by {angle}"
        told, labelled, test = small_world(angle, seed=1)
        drawn: list[int] = []

        def noted(
            count: int,
            seed: int,
            draw: Callable[[int, int], Texts] = labelled,
            drawn: list[int] = drawn,
        ) -> Texts:
            drawn.append(int(count))
            return draw(count, seed)

        got = read(call(function, told, noted, test), truth, given)
        require(
            got in COUNTS,
            f"For {given} you returned {got:g}; expected one of {list(COUNTS)}.",
        )
        slip = (
            "Too few: is it the mean of several draws of labels, on the test?"
            if got < truth
            else "Too many: is the bar the accuracy of the taught student, on the "
            "same test?"
        )
        # Where the curves meet they are flat, so the next count is as good.
        require(
            truth / 2 <= got <= truth * 2,
            f"For {given} you returned {got:g}; expected about {truth}. {slip}",
        )
        often.append(max(drawn.count(c) for c in [*drawn, got] if c >= got))
    require(
        min(often) > 1,
        f"You drew {min(often)} times as many labels as you returned; expected the "
        "mean of several draws: one may be lucky.",
    )
