"""The job in this course: a teacher asked once, and batches of like lengths."""

from torch import nn

from benchmarks.online import OnlineTeacher
from benchmarks.peers.job import ALPHA, TEMPERATURE, Job
from course_lib.batches import Examples
from course_lib.losses import DistillationLoss
from course_lib.soft_targets import predict_logits
from course_lib.training import train


def distil(job: Job, student: nn.Module) -> None:
    """Train the student; the time to ask the teacher is part of the job."""
    examples, loss = job.examples, DistillationLoss(TEMPERATURE, ALPHA)
    if job.like_for_like:
        loss = OnlineTeacher(job.teacher, loss)
        loss.listen_to(student)
        # `train` wants soft targets to be there; these are not looked at.
        examples = examples.with_soft_targets(
            examples.labels.new_zeros(len(examples), 2)
        )
    else:
        examples = examples.with_soft_targets(predict_logits(job.teacher, examples))
    train(
        student,
        examples,
        Examples(examples.tokens[:64], examples.labels[:64]),
        epochs=job.epochs,
        batch_size=job.batch_size,
        learning_rate=job.learning_rate,
        distillation=loss,
    )
