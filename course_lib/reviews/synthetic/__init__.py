"""The default data set: film reviews made by a generator, with an oracle for a teacher.

Each review mentions some aspects of a film (acting, story, music, visuals, pacing,
humour) and praises or pans each; `positive` is the verdict, which the aspects agree
with more often than not. Words of praise and pan are shared by both sides ("never
dull", "not gripping, as some have said, but tedious"), stand far from what they are
about, and are also said of things that no label is for, so that a list of words decides
little. No model can do better than the oracle, and how much worse one does can be
measured.

Two dials keep that true. `ambiguity` is the share of opinions put in a word that
admirers and detractors both use; `label_noise` is the probability that a label is
flipped after the text is written.

`generator` deals out films and reviews to the splits: open it first. `writer` is the
random process that writes one review, `oracle` reads one back and knows the exact
probability of every label, `grammar` is what can be said, and `lexicon` its words.
"""

from course_lib.reviews.synthetic.generator import LABELS, SIZES, generate, load
from course_lib.reviews.synthetic.oracle import (
    LOG_ODDS_BOUND,
    oracle_logits,
    posterior,
)
from course_lib.reviews.synthetic.writer import RECIPE

__all__ = [
    "LABELS",
    "LOG_ODDS_BOUND",
    "RECIPE",
    "SIZES",
    "generate",
    "load",
    "oracle_logits",
    "posterior",
]
