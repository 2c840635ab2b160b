"""The moving picture of the first page: an answer, its heat, and a student of it.

A student that was never shown a three learns what a teacher says of the other nine
digits, and reads a three: `story` trains both, in a second or two, and `picture` draws
what they said. A small script (moving.js) plays it, and without one it stands still.
"""

import html
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from course_lib.losses import soft_target_loss
from course_lib.plots import BLUE, ORANGE

MISSING = 3
HOT = 8.0
SCRIPT = Path(__file__).with_name("moving.js")

#: After how many steps the student is asked: often at first, when it learns most.
STOPS = (0, *(round(1.25**n) for n in range(5, 24)), 200)

# The chart, in units of its own: ten slots beside one another, two bars in each.
SLOT, BAR, HIGH, FOOT = 36, 14, 150, 172


@dataclass
class Story:
    """What two networks said of one three, and how many threes the student reads."""

    ink: list[int]  # 64 pixels of the image, 0 to 16
    hot: float
    teacher: list[float]  # ten logits
    stops: list[int]
    student: list[list[float]]  # ten logits after each of the stops
    read: int  # of the threes of the test set, at the end
    threes: int


def _network(hidden: int, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def story(hot: float = HOT) -> Story:
    """Train a teacher on all digits and a student on its answers to nine of them."""
    with torch.random.fork_rng(devices=[]):
        return _story(hot)


def _story(hot: float) -> Story:
    digits = load_digits()
    pixels = torch.tensor(digits.data / 16, dtype=torch.float32)  # (1797, 64)
    label = torch.tensor(digits.target)
    train, test = slice(0, 1_000), slice(1_000, None)

    teacher = _network(64, seed=0)
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=0.03)
    for _ in range(150):
        optimizer.zero_grad()
        F.cross_entropy(teacher(pixels[train]), label[train]).backward()
        optimizer.step()

    lesson = pixels[train][label[train] != MISSING]
    with torch.no_grad():
        remarks = teacher(lesson)  # (lesson, 10)
    threes = pixels[test][label[test] == MISSING]
    student = _network(32, seed=1)
    optimizer = torch.optim.AdamW(student.parameters(), lr=0.03)
    said = []
    for step in range(STOPS[-1] + 1):
        if step in STOPS:
            with torch.no_grad():
                said.append(student(threes))
        optimizer.zero_grad()
        soft_target_loss(student(lesson), remarks, hot).backward()
        optimizer.step()

    with torch.no_grad():
        answers = teacher(threes)
    shown = _middling(said[-1], answers)
    return Story(
        ink=(16 * threes[shown]).int().tolist(),
        hot=hot,
        teacher=_rounded(answers[shown]),
        stops=list(STOPS),
        student=[_rounded(logits[shown]) for logits in said],
        read=int((said[-1].argmax(-1) == MISSING).sum()),
        threes=len(threes),
    )


def _middling(student: Tensor, teacher: Tensor) -> int:
    """Which three to show: neither the best nor the worst of those that both read.

    Of the threes that both call a three, the one of which the student is surer than of
    half of the others.
    """
    sure = student.softmax(-1)[:, MISSING]
    both = (student.argmax(-1) == MISSING) & (teacher.argmax(-1) == MISSING)
    if not both.any():
        raise ValueError(
            "the student reads no three that its teacher reads: there is no story; "
            "look at the loss that taught it"
        )
    return int(both.nonzero()[:, 0][sure[both].argsort()[int(both.sum()) // 2]])


def _rounded(logits: Tensor) -> list[float]:
    return [round(value, 2) for value in logits.tolist()]


def soften(logits: list[float], temperature: float) -> list[float]:
    """Return the probabilities of ten logits at a temperature.

    >>> [round(p, 2) for p in soften([2.0, 0.0], 2.0)]
    [0.73, 0.27]
    """
    values: list[float] = (torch.tensor(logits) / temperature).softmax(-1).tolist()
    return values


def image(ink: list[int]) -> str:
    """Return the pixels of a digit as SVG, drawn in the colour of the text."""
    squares = "".join(
        f'<rect x="{i % 8}" y="{i // 8}" width="1.02" height="1.02" '
        f'opacity="{value / 16:.2f}"/>'
        for i, value in enumerate(ink)
        if value
    )
    return (
        '<svg class="moving-digit" viewBox="0 0 8 8" role="img" '
        f'aria-label="A handwritten {MISSING}, in eight by eight pixels" '
        f'fill="currentColor">{squares}</svg>'
    )


def _bars(who: str, p: list[float], left: int, color: str) -> str:
    return "".join(
        f'<rect class="moving-{who}" x="{SLOT * digit + left}" width="{BAR}" '
        f'y="{FOOT - HIGH * value:.1f}" height="{HIGH * value:.1f}" fill="{color}"/>'
        for digit, value in enumerate(p)
    )


def chart(told: Story, alt: str) -> str:
    """Return both answers as SVG bars, hot and at the end: what stands still."""
    teacher = soften(told.teacher, told.hot)
    student = soften(told.student[-1], told.hot)
    names = "".join(
        f'<text x="{SLOT * (digit + 0.5)}" y="{FOOT + 18}"'
        + (' font-weight="bold"' if digit == MISSING else "")
        + f">{digit}</text>"
        for digit in range(10)
    )
    return (
        f'<svg class="moving-chart" viewBox="0 0 {10 * SLOT} {FOOT + 24}" role="img" '
        f'aria-label="{html.escape(alt, quote=True)}" fill="currentColor" '
        f'text-anchor="middle" font-size="15">{_bars("teacher", teacher, 3, BLUE)}'
        f"{_bars('student', student, 19, ORANGE)}"
        f'<path d="M0 {FOOT}.5H{10 * SLOT}" stroke="currentColor" opacity="0.5"/>'
        f"{names}</svg>"
    )


def captions(told: Story) -> list[str]:
    """Return what is said in each scene of the picture, with the numbers computed."""
    cold = soften(told.teacher, 1.0)[MISSING]
    at_end = soften(told.student[-1], 1.0)[MISSING]
    hot = soften(told.teacher, told.hot)
    second = sorted(range(10), key=hot.__getitem__)[-2]
    like = f"{'an' if second == 8 else 'a'} {second}"
    return [
        f"The teacher reads this three, and is {_percent(cold)} sure. "
        "It seems to have nothing else to say.",
        f"Heat its answer, and it does: a little like {like}.",
        "A student learns such answers to the other nine digits. "
        f"It is never shown a {MISSING}.",
        f"Cool both down. The student says {MISSING}, {_percent(at_end)} sure, and "
        f"reads {told.read} of {told.threes} threes in the test set.",
    ]


def _percent(share: float) -> str:
    """Round down, so that nothing but certainty is 100 %."""
    return f"{int(1_000 * share) / 10:.1f} %"


def picture(told: Story) -> str:
    """Return the whole figure as HTML: image, chart, captions, and what plays it."""
    said = captions(told)
    alt = (
        f"Bars for the ten digits. {' '.join(said)} Drawn here at temperature "
        f"{told.hot:g}, where the bars of teacher and student are much the same."
    )
    scenes = "".join(f"<li>{html.escape(line)}</li>" for line in said)
    data = json.dumps(asdict(told) | {"missing": MISSING, "foot": FOOT, "high": HIGH})
    return f"""\
<figure class="moving">
<div class="moving-stage">{image(told.ink)}
<div class="moving-key"><span class="moving-is-teacher">teacher</span>
<span class="moving-is-student">student</span>
<span class="moving-now">temperature {told.hot:g}</span></div>
{chart(told, alt)}</div>
<ol class="moving-scenes">{scenes}</ol>
<div class="moving-controls" hidden><button type="button">Play</button>
<input type="range" min="0" max="1000" value="1000" aria-label="Place in the story">
</div>
<script type="application/json">{data}</script>
<script>{SCRIPT.read_text(encoding="utf-8")}</script>
</figure>"""
