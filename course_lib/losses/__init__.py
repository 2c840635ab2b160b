"""The losses of knowledge distillation, from logits; they need torch and nothing else.

A teacher with logits t and a student with logits s, at temperature T, are compared as
p = softmax(t / T) and q = softmax(s / T), or label by label with sigmoids.

Logits come in, never probabilities: a probability near 0 has lost the digits that its
logarithm needs. The result is the mean over the batch. The arithmetic is in float64
whatever autocast says, because T² magnifies the rounding of a small KL a thousand times
at T = 32, and on so few numbers it costs little; the result is float32, or float64 if
an input is. (Apple's MPS has no float64: float32 there.)

T runs from 1e-18 to 1e4. At 1e4, T² makes 2e-8 of what float64 rounds, 2⁻⁵², and that
is what a float32 rounds; far beyond, nothing else is left (the limit is
`logit_matching_loss`). Below 1e-18, T² is too small for a float32.

Bad input raises `ValueError`. Types and shapes are checked everywhere; values (NaN,
labels out of range) on the CPU only, since looking at one makes a GPU wait, and where
there is one: not under torch.vmap, and not while a program is traced or compiled.

`divergences` compares distributions, `distillation` makes losses of that, and
`many_classes` and `label_embeddings` hold others. `inputs` is what all share.
"""

from course_lib.losses.distillation import (
    DistillationLoss,
    logit_matching_loss,
    multilabel_soft_target_loss,
    soft_target_loss,
)
from course_lib.losses.divergences import (
    cross_entropy,
    entropy,
    js_divergence,
    kl_divergence,
    softmax,
)

__all__ = [
    "DistillationLoss",
    "cross_entropy",
    "entropy",
    "js_divergence",
    "kl_divergence",
    "logit_matching_loss",
    "multilabel_soft_target_loss",
    "soft_target_loss",
    "softmax",
]
