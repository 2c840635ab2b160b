"""What does a BERT teach a small LSTM about the emotions in comments?"""

from functools import partial

from experiments.multilabel import make

COST = "two hours of one core"
main = partial(make, "goemotions")
