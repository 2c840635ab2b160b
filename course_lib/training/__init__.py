"""Training: one loop for every teacher and student.

`loop` is the algorithm, and `objectives` what it can be given to reach, `hidden_states`
and `attention` those that look `inside` a teacher, `tagging` those with one tag a
token, `writing` those of a model that says the next word; `runs` is all that changes
meanwhile, `checkpoints` keeps it, `steps` says which reviews come when, and `errors`
what can be wrong.
"""

from course_lib.training.attention import Attention
from course_lib.training.errors import TrainingError
from course_lib.training.hidden_states import HiddenStates, Relations
from course_lib.training.inside import TeacherInside
from course_lib.training.loop import train
from course_lib.training.objectives import (
    Distillation,
    LabelEmbeddings,
    LabelLoss,
    Objective,
    label_loss,
)
from course_lib.training.runs import History
from course_lib.training.tagging import TokenDistillation, TokenLabels

__all__ = [
    "Attention",
    "Distillation",
    "HiddenStates",
    "History",
    "LabelEmbeddings",
    "LabelLoss",
    "Objective",
    "Relations",
    "TeacherInside",
    "TokenDistillation",
    "TokenLabels",
    "TrainingError",
    "label_loss",
    "train",
]
