import numpy as np
import torch
from exercises import exercise_tests
from torch.nn import functional as F

from course_lib import losses
from course_lib.checks import soft_targets as check

kl = losses.kl_divergence


def by_logarithm_of_p(s, t, T):
    p = (t.detach() / T).softmax(-1)
    return T**2 * (p * (p.log() - (s / T).log_softmax(-1))).sum(-1).mean()


def soft_loss(s, t, T):
    t = t.detach()
    log_p, log_q = (t / T).log_softmax(-1), (s / T).log_softmax(-1)
    return T**2 * (log_p.exp() * (log_p - log_q)).sum(-1).mean()


def alpha_without(alpha, T):
    soft = alpha * T**2
    return soft / (soft + 1 - alpha)


def mended(s, T, softened):
    return s * T if softened == "teacher" else s / T


def text_by_text(s, t, T):
    total = 0
    for student, teacher in zip(s, t.detach(), strict=True):
        log_q = student / T - (student / T).logsumexp(0)
        log_p = teacher / T - (teacher / T).logsumexp(0)
        total = total + sum(
            a.exp() * (a - b) for a, b in zip(log_p, log_q, strict=True)
        )
    return total * T * T / len(s)


def by_kl_div(s, t, T):
    with torch.no_grad():
        log_p = F.log_softmax(t.double() / T, dim=1)
    log_q = F.log_softmax(s.double() / T, dim=1)
    return F.kl_div(log_q, log_p, reduction="batchmean", log_target=True) * T**2


def by_cross_entropy(s, t, T):
    p = (t.detach() / T).softmax(-1)
    entropy = F.cross_entropy(t.detach() / T, p)
    return T**2 * (F.cross_entropy(s / T, p) - entropy)


def by_einsum(s, t, T):
    log_p = (t.detach() / T).log_softmax(-1)
    apart = log_p - (s / T).log_softmax(-1)
    return T**2 / len(s) * torch.einsum("bc,bc", log_p.exp(), apart)


def changing_the_student(s, t, T):
    s.data.div_(T)
    return T**2 * kl(t.detach() / T, s)


def without_grad(s, t, T):
    with torch.no_grad():
        return soft_loss(s, t, T)


def changing_the_teacher(s, t, T):
    return T**2 * kl(t.detach().div_(T), s / T)


def half_detached(s, t, T):
    log_p, log_q = (t.detach() / T).log_softmax(-1), (s / T).log_softmax(-1)
    log_q = torch.cat([log_q[:, :1], log_q[:, 1:].detach()], 1)
    return T**2 * (log_p.exp() * (log_p - log_q)).sum(-1).mean()


def confetti(images, n=1_000):
    return images.gather(0, torch.randint(len(images), (n, images.shape[1])))


def pixel_by_pixel(images):
    columns = [column[torch.randperm(len(column))] for column in images.T]
    return torch.stack(columns, 1)


def half_and_half(images):
    half = images.shape[1] // 2
    left, right = (images[torch.randperm(len(images))] for _ in "lr")
    return torch.cat([left[:, :half], right[:, half:]], 1)


def row_by_row(images):
    width = images.shape[1] // 8
    rows = [
        images[torch.randint(len(images), (1_000,))][:, i * width : (i + 1) * width]
        for i in range(8)
    ]
    return torch.cat(rows, 1)


def among_themselves(images):
    shuffled = [image[torch.randperm(len(image))] for image in images]
    return torch.stack(shuffled)


def copier(
    make=confetti, loss=losses.soft_target_loss, hidden=32, steps=250, said=None
):
    """What trains a student on what the teacher says about made images."""

    def copy(teacher, images):
        torch.manual_seed(steps)
        shown = make(images)
        answers = teacher(shown)
        answers = answers if said is None else said(answers)
        sizes = images.shape[1], answers.shape[1]
        student = torch.nn.Sequential(
            torch.nn.Linear(sizes[0], hidden),
            torch.nn.Tanh(),
            torch.nn.Linear(hidden, sizes[1]),
        )
        optimizer = torch.optim.AdamW(student.parameters(), lr=0.03)
        for _ in range(steps):
            optimizer.zero_grad()
            loss(student(shown), answers, 8.0).backward()
            optimizer.step()
        return student

    return copy


def linear_by_squares(teacher, images):
    shown = confetti(images, 3_000).double()
    one = torch.ones(len(shown), 1).double()
    weights = torch.linalg.lstsq(
        torch.cat([shown, one], 1), teacher(shown.float()).double(), driver="gelsd"
    ).solution.float()

    def student(batch):
        return (batch @ weights[:-1] + weights[-1]).tolist()

    return lambda batch: torch.tensor(student(batch))


def ten_classes(teacher, images):
    student = copier()(teacher, images)
    return lambda batch: F.pad(student(batch), (0, 10))[:, :10]


def says_labels(teacher, images):
    student = copier()(teacher, images)
    return lambda batch: student(batch).argmax(-1)


def asks_later(teacher, images):
    teacher(confetti(images))
    return teacher


def three_times_the_mean(s, t, T):
    log_p, log_q = (t.detach() / T).log_softmax(-1), (s / T).log_softmax(-1)
    return 3 * T**2 * (log_p.exp() * (log_p - log_q)).mean()


ANSWERS = {
    "soft_target_loss": [
        soft_loss,
        losses.soft_target_loss,
        text_by_text,
        by_kl_div,
        by_cross_entropy,
        by_einsum,
    ],
    "alpha_without": [
        alpha_without,
        lambda a, T: 0.0 if a == 0 else 1 / (1 + (1 - a) / (a * T**2)),
        lambda a, T: np.array([a * T**2, 1 - a])[0] / np.dot([a, 1 - a], [T**2, 1]),
        lambda a, T: torch.tensor(alpha_without(a, T)),
        lambda a, T: np.float32(alpha_without(a, T)),
    ],
    "mended": [
        mended,
        lambda s, T, softened: mended(s, T, softened) - 3,
        lambda s, T, softened: mended(s.double(), T, softened).log_softmax(-1),
        lambda s, T, softened: torch.stack([mended(z, T, softened) for z in s]),
        lambda s, T, softened: s * T ** {"teacher": 1, "student": -1}[softened],
        lambda s, T, softened: mended(s, T, softened).numpy(),
        lambda s, T, softened: mended(s, T, softened).tolist(),
    ],
    "never_saw": [
        copier(),
        copier(pixel_by_pixel, lambda s, t, T: losses.soft_target_loss(s, t, 1.0)),
        copier(loss=lambda s, t, T: F.cross_entropy(s, t.argmax(-1)), hidden=64),
        linear_by_squares,
    ],
}

WRONG = {
    "soft_target_loss": [
        (by_logarithm_of_p, "0 · log 0"),
        (lambda s, t, T: kl(t, s, T), "T² is missing"),
        (lambda s, t, T: T * kl(t, s, T), "expected is T²"),
        (lambda s, t, T: T**2 * kl(t / T, s), "Only the teacher"),
        (lambda s, t, T: T**2 * kl(t, s / T), "Only the student"),
        (lambda s, t, T: T**2 * kl(t, s), "Neither side"),
        (lambda s, t, T: T**2 * kl(s, t, T), "KL(student‖teacher)"),
        (lambda s, t, T: 2 * soft_loss(s, t, T), "sum over the batch"),
        (lambda s, t, T: soft_loss(s, t, T) / 3, "mean over the classes"),
        (lambda s, t, T: T**2 * losses.cross_entropy(t, s, T), "entropy"),
        (lambda s, t, T: 0.3 * soft_loss(s, t, T), "T = 4"),
        (lambda s, t, T: T**2 * kl(t, s, T), "the teacher gets gradient"),
        (lambda s, t, T: soft_loss(s.detach(), t, T), "no gradient flows"),
        (lambda s, t, T: soft_loss(s, t, T).item(), "no gradient flows"),
        (lambda s, t, T: T**2 * kl(t, s.detach(), T), "the student gets no"),
        (lambda s, t, T: 16 * kl(t.detach(), s, T), "T = 1"),
        (lambda s, t, T: soft_loss(s, t, T) * len(s) / 2, "[1000, 0]"),
        (lambda s, t, T: soft_loss(s, t, max(T, 1)), "T = 0.5"),
        (lambda s, t, T: soft_loss(s[:2], t[:2], T), "T = 0.5"),
        (changing_the_teacher, "z /= T"),
        (changing_the_student, "z /= T"),
        (without_grad, "no gradient flows"),
        (three_times_the_mean, "[1000, 0]"),
        (half_detached, "Part of the student"),
    ],
    "alpha_without": [
        (lambda a, T: a * T**2, "sum of both"),
        (lambda a, T: a / (a + (1 - a) * T**2), "left out"),
        (lambda a, T: alpha_without(a, T**0.5), "missing is T²"),
        (lambda a, T: a, "came in"),
        (lambda a, T: alpha_without(a, int(T)), "alpha = 0.8, T = 0.5"),
        (lambda a, T: a * T**2 / (a * T**2 + 0.5), "alpha = 0.9, T = 2"),
        (lambda a, T: 1.0, "alpha = 0.5, T = 4"),
        (lambda a, T: alpha_without(a, 4), "alpha = 0.9, T = 2"),
        (lambda a, T: alpha_without(0.5, T), "alpha = 0.9, T = 2"),
        (lambda a, T: alpha_without(a, max(T, 1)), "alpha = 0.8, T = 0.5"),
        (lambda a, T: round(alpha_without(a, T), 2), "alpha = 0.5, T = 4"),
    ],
    "mended": [
        (lambda s, T, softened: s / T, "too timid"),
        (lambda s, T, softened: s * T, "too sure"),
        (lambda s, T, softened: s, "came in"),
        (lambda s, T, softened: mended(mended(s, T, softened), T, softened), "twice"),
        (lambda s, T, softened: mended(s, T, softened).softmax(-1), "probabilities"),
        (lambda s, T, softened: s + T, 'softened = "teacher"'),
        # The larger logits are taken for the surer ones.
        (
            lambda s, T, softened: mended(
                s, T, "teacher" if s.abs().max() < 1 else "student"
            ),
            "T = 2.5",
            "too timid",
        ),
        (
            lambda s, T, softened: mended(s, T, softened) + torch.arange(s.shape[1]),
            'softened = "teacher"',
        ),
        (lambda s, T, softened: mended(s, 4.0, softened), "T = 2.5"),
        (lambda s, T, softened: mended(s, max(T, 1), softened), "T = 0.5"),
        (lambda s, T, softened: mended(s[:1], T, softened), "shape (4, 2)"),
        (lambda s, T, softened: torch.tensor([[2.0, -1.0, 0.0]]), "shape (4, 2)"),
        (lambda s, T, softened: mended(s, T, softened).log_softmax(0), "[0.5, -0.25"),
    ],
    "never_saw": [
        (copier(lambda images: images), "is a digit"),
        (copier(lambda images: images[torch.randperm(len(images))]), "is a digit"),
        (
            copier(lambda images: torch.rand(1_000, images.shape[1])),
            "no training image",
        ),
        (copier(among_themselves), "no training image"),
        (copier(lambda images: images[:500] / 2 + images[-500:] / 2), "no training"),
        (copier(half_and_half), "confetti only"),
        (copier(row_by_row), "still go together"),
        (copier(lambda images: confetti(images, 20)), "20 images"),
        (copier(steps=2), "trained long enough"),
        (copier(said=lambda z: z[torch.randperm(len(z))]), "beside the image"),
        (copier(said=lambda z: -z), "at least 85%"),
        (asks_later, "answers by itself"),
        (ten_classes, "shape (401, 10)"),
        (lambda teacher, images: torch.zeros(2), "expected a function"),
        (
            lambda teacher, images: torch.nn.Linear(images.shape[1], 10),
            "never asked",
        ),
        (says_labels, "shape (799,)"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
