"""What in a teacher's word is worth something: softness, the class, or this text?

One small LSTM learns from what MiniLM said of the training reviews, and from controls
that each keep less of it (`course_lib.soft_target_controls`): its verdicts alone, its
answers to other reviews of the class, the mean answer to the class, labels smoothed
evenly, and noise of equal entropy. Two more hear labels for one half and, for the
other, the answers to any reviews at all, or those of a network that was never trained.
And, without a label, its answers and its verdicts on as many unlabelled reviews.

All take as many steps on as many reviews, from the same first weights, by the same loss
at T = 1. Each seed shuffles anew.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import records
from course_lib import soft_target_controls as controls
from course_lib.batches import Examples
from course_lib.distill import ready_made
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS
from course_lib.recipes import new_model
from course_lib.soft_target_files import SoftTargets
from course_lib.soft_targets import predict_logits
from course_lib.splits import prepare
from course_lib.training import Distillation
from experiments import sized
from experiments.minilm import out
from experiments.rivals import linear

COST = "an hour and a half of one core"
SEEDS = (0, 1, 2, 3, 4)
STUDENT = STUDENTS["lstm"]
TAUGHT = Distillation(DistillationLoss(temperature=1.0, alpha=1.0))
HALF = Distillation(DistillationLoss(temperature=1.0, alpha=0.5))
#: What differs in one respect only: (with, without). The first four sum to "gain".
QUESTIONS = {
    "smoothing": ("smoothed", "labels"),
    "the_class": ("class-means", "smoothed"),
    "spread": ("shuffled", "class-means"),
    "this_text": ("soft", "shuffled"),
    "gain": ("soft", "labels"),
    "softness_of_verdicts": ("soft", "hard"),
    "noise_of_equal_entropy": ("redealt", "smoothed"),
    "strangers_answers": ("strangers-and-labels", "labels"),
    "untrained_teacher": ("untrained-and-labels", "labels"),
    "unlabelled_softness": ("soft-unlabelled", "hard-unlabelled"),
    "without_a_label": ("soft-unlabelled", "labels"),
    "student_minus_bag_of_words": ("soft", "bag-of-words"),
}


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    done = Experiment("kinds-of-distillation-imdb", splits, seeds, scale)
    said = SoftTargets.read(out("imdb"))
    train, labels = splits.train, splits.train.truth
    known, new = ready_made(done, said).softmax(1).tensor_split([len(train)])
    new = new[: len(train)]  # as many texts, and so as many passes over each
    unlabelled = Examples(splits.readable.tokens[len(train) :][: len(new)])
    linear(done)

    def row(
        name: str, run: int, soft: Tensor, examples: Examples, how: Distillation
    ) -> None:
        examples = examples.with_soft_targets(controls.as_logits(soft))
        done.train(name, run, STUDENT, examples, how)

    for run, seed in enumerate(seeds):
        done.train("labels", run, STUDENT)
        for name, soft in ladder(known, labels, seed).items():
            row(name, run, soft, train, TAUGHT)
        anyones = controls.shuffled(known, seed=seed)
        row("strangers-and-labels", run, anyones, train, HALF)
        fool = new_model(STUDENT, splits, seed + 1_000)
        guesses = predict_logits(fool, train).softmax(1)
        row("untrained-and-labels", run, guesses, train, HALF)
        row("soft-unlabelled", run, new, unlabelled, TAUGHT)
        row("hard-unlabelled", run, verdicts(new), unlabelled, TAUGHT)
    record = done.record(
        QUESTIONS,
        teacher_model=said.teacher["name"],
        temperature=1.0,
        parts=controls.parts(known, labels),
        transfer={"train": len(train), "unlabelled": len(unlabelled)},
    )
    done.write(record)
    return record


def ladder(soft: Tensor, labels: Tensor, seed: int) -> dict[str, Tensor]:
    """Return a teacher's answers and what is left when something is taken from them."""
    return {
        "soft": soft,
        "hard": verdicts(soft),
        "shuffled": controls.shuffled(soft, labels, seed=seed),
        "class-means": controls.class_means(soft, labels),
        "smoothed": controls.smoothed(soft, labels),
        "redealt": controls.redealt(soft, labels, seed=seed),
    }


def verdicts(soft: Tensor) -> Tensor:
    """Return the likeliest class of each, as the only one."""
    return F.one_hot(soft.argmax(1), soft.shape[1]).to(torch.float32)
