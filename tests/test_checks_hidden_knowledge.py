import numpy as np
import torch
from exercises import exercise_tests
from sklearn.decomposition import PCA
from torch import nn
from torch.nn import functional as F

from course_lib.checks import hidden_knowledge as check
from course_lib.losses.hidden import hidden_state_loss, relation_scores
from course_lib.similarity import floors


def hint_by_index(student, teacher, lengths):
    real = torch.arange(student.shape[1]) < lengths[:, None]
    return F.mse_loss(student[real], teacher[real])


def hint_text_by_text(student, teacher, lengths):
    total, numbers = 0.0, 0
    for s, t, n in zip(student, teacher, lengths.tolist(), strict=True):
        total += float(((s[:n] - t[:n]) ** 2).sum())
        numbers += n * s.shape[1]
    return total / numbers


def hint_by_mask(student, teacher, lengths):
    real = (torch.arange(student.shape[1]) < lengths.unsqueeze(1)).unsqueeze(2)
    apart = (student - teacher) ** 2 * real
    return apart.sum() / (real.sum() * student.shape[2])


def means_of_texts(student, teacher, lengths):
    each = [
        F.mse_loss(s[:n], t[:n])
        for s, t, n in zip(student, teacher, lengths.tolist(), strict=True)
    ]
    return torch.stack(each).mean()


def zeros_counted(student, teacher, lengths):
    real = (torch.arange(student.shape[1]) < lengths[:, None])[..., None]
    return F.mse_loss(student * real, teacher * real)


def floors_by_covariance(states, width):
    values = torch.linalg.eigvalsh(torch.cov(states.T)).flip(0)
    return (values[width:].sum() / values.sum()).item(), 1 - width / states.shape[1]


def floors_by_pca(states, width):
    kept = PCA(width).fit(states.numpy()).explained_variance_ratio_.sum()
    return [1 - kept, (states.shape[1] - width) / states.shape[1]]


def floors_as_tensors(states, width):
    best, random = floors(states, width)
    return torch.tensor(best), np.float64(random)


def uncentred(states, width):
    sizes = torch.linalg.svdvals(states) ** 2
    return sizes[width:].sum() / sizes.sum(), 1 - width / states.shape[1]


def unsquared(states, width):
    sizes = torch.linalg.svdvals(states - states.mean(0))
    return sizes[width:].sum() / sizes.sum(), 1 - width / states.shape[1]


def by_feature(states, width):
    by = states.var(0)
    kept = by.topk(width).values.sum() / by.sum()
    return 1 - kept, 1 - width / states.shape[1]


def related(x):
    return (x @ x.T / x.shape[1] ** 0.5).softmax(dim=1)


def related_by_attention(x):
    """What words would mix of each other's names."""
    names = torch.eye(len(x), dtype=x.dtype)
    return F.scaled_dot_product_attention(x[None], x[None], names[None])[0]


def related_by_hand(x):
    rows = []
    for own in x:
        scores = torch.stack([own @ other for other in x]) / len(own) ** 0.5
        e = (scores - scores.max()).exp()
        rows.append(e / e.sum())
    return torch.stack(rows)


def distilled(x, teacher, width, frozen=False, steps=600, linear=True, seed=0):
    torch.manual_seed(seed)
    student = nn.Linear(x.shape[1], width)
    projection = nn.Linear(width, teacher.shape[1]).requires_grad_(not frozen)
    both = [*student.parameters(), *projection.parameters()]
    optimizer = torch.optim.Adam([p for p in both if p.requires_grad], lr=0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(projection(student(x)), teacher).backward()
        optimizer.step()
    return student


def distilled_by_pca(x, teacher, width):
    """Read the teacher from the inputs, and keep its main directions."""
    reader = torch.linalg.lstsq(x, teacher).solution
    main = torch.linalg.svd(teacher - teacher.mean(0), full_matrices=False).Vh
    return lambda new: new @ reader @ main[:width].T


def distilled_by_relations(x, teacher, width):
    """Without a projection: match the table of dot products, as MiniLM might."""
    torch.manual_seed(0)
    student = nn.Linear(x.shape[1], width)
    optimizer = torch.optim.Adam(student.parameters(), lr=0.02)
    wanted = teacher @ teacher.T
    for _ in range(600):
        optimizer.zero_grad()
        states = student(x)
        F.mse_loss(states @ states.T, wanted).backward()
        optimizer.step()
    return student


def sgd_with_two_groups(x, teacher, width):
    torch.manual_seed(3)
    student, projection = nn.Linear(x.shape[1], width), nn.Linear(width, 32)
    groups = [{"params": m.parameters()} for m in (student, projection)]
    optimizer = torch.optim.AdamW(groups, lr=0.02)
    for _ in range(800):
        optimizer.zero_grad()
        (projection(student(x)) - teacher).square().sum(1).mean().backward()
        optimizer.step()
    return student


def projection_forgotten(x, teacher, width):
    """As published: the optimizer was made of the student alone."""
    return distilled(x, teacher, width, frozen=True)


def first_features(x, teacher, width):
    """Learn the teacher's first features, which are no better than others."""
    reader = torch.linalg.lstsq(x, teacher).solution
    return lambda new: new @ reader[:, :width]


def main_directions_of_the_inputs(x, teacher, width):
    main = torch.linalg.svd(x - x.mean(0), full_matrices=False).Vh
    return lambda new: new @ main[:width].T


def the_whole_teacher(x, teacher, width):
    reader = torch.linalg.lstsq(x, teacher).solution
    return lambda new: new @ reader


ANSWERS = {
    "hint": [hidden_state_loss, hint_by_index, hint_text_by_text, hint_by_mask],
    "floors": [floors, floors_by_covariance, floors_by_pca, floors_as_tensors],
    "relations": [
        related,
        related_by_hand,
        related_by_attention,
        lambda x: relation_scores(x[None])[0, 0].softmax(-1),
    ],
    "student": [
        distilled,
        distilled_by_pca,
        distilled_by_relations,
        sgd_with_two_groups,
    ],
}

WRONG = {
    "hint": [
        (lambda s, t, n: F.mse_loss(s, t), "Padding counts"),
        (zeros_counted, "still counted"),
        (means_of_texts, "a mean of means"),
        (lambda s, t, n: hint_by_index(s, t, n) * s.shape[2], "sum over features"),
        (lambda s, t, n: hint_by_index(s, t, n) ** 0.5, "root of it"),
        (lambda s, t, n: hint_by_index(s, t, n - 1), "texts of [3, 1, 2]"),
        (lambda s, t, n: hidden_state_loss(s, t, n, normalise=True), "texts of"),
        (lambda s, t, n: (s - t) ** 2, "one number"),
    ],
    "floors": [
        (lambda x, k: [1 - k / x.shape[1]] * 2, "depends on the teacher"),
        (lambda x, k: floors(x, k)[::-1], "other way round"),
        (lambda x, k: [1 - part for part in floors(x, k)], "what does not"),
        (uncentred, "mean state away"),
        (unsquared, "squares of singular values"),
        (by_feature, "not directions"),
        (lambda x, k: floors(x, k)[0], "two numbers"),
        (lambda x, k: (floors(x, k)[0], 1 - k / len(x)), "width of 2"),
    ],
    "relations": [
        (lambda x: x @ x.T / x.shape[1] ** 0.5, "now the softmax"),
        (lambda x: (x @ x.T).softmax(1), "root of the width first"),
        (lambda x: (x @ x.T / x.shape[1]).softmax(1), "not by the width"),
        (lambda x: (x @ x.T / len(x) ** 0.5).softmax(1), "number of words"),
        (lambda x: related(x).T, "not each column"),
        (lambda x: related(F.normalize(x, dim=1)), "how long a state is"),
        (lambda x: related(x - x.mean(0)), "states [[1.0, 0.0]"),
        (lambda x: (x.T @ x / x.shape[1] ** 0.5).softmax(1), "shape (2, 2)"),
    ],
    "student": [
        (projection_forgotten, "projection's parameters"),
        (lambda x, t, k: distilled(x, t, k, steps=3), "time enough"),
        (first_features, "makes out"),
        (main_directions_of_the_inputs, "makes out"),
        (lambda x, t, k: lambda new: new[:, :k], "makes out"),
        (lambda x, t, k: lambda new: torch.zeros(len(new), k), "makes out"),
        (
            lambda x, t, k: lambda new: torch.full((len(new), k), torch.nan),
            "no numbers",
        ),
        (the_whole_teacher, "shape (600, 4)"),
        (lambda x, t, k: lambda new: t[: len(new), :k], "makes out"),
        (lambda x, t, k: t[:, :k], "expected a function"),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)
