"""The job in this course: a teacher asked once, and batches of like lengths."""

from torch import nn

from benchmarks.online import OnlineTeacher
from benchmarks.peers.job import ALPHA, TEMPERATURE, Job
from course_lib.batches import Examples
from course_lib.losses import DistillationLoss
from course_lib.soft_targets import predict_logits
from course_lib.training import Distillation, Objective, train


def distil(job: Job, student: nn.Module) -> None:
    """Train the student; the time to ask the teacher is part of the job."""
    examples, loss = job.examples, DistillationLoss(TEMPERATURE, ALPHA)
    objective: Objective
    if job.like_for_like:
        objective = OnlineTeacher(job.teacher, loss)
    else:
        examples = examples.with_soft_targets(predict_logits(job.teacher, examples))
        objective = Distillation(loss)
    train(
        student,
        examples,
        Examples(examples.tokens[:64], examples.truth[:64]),
        epochs=job.epochs,
        batch_size=job.batch_size,
        learning_rate=job.learning_rate,
        objective=objective,
    )
