"""What does a BERT teach a small LSTM about the genres of films?"""

from functools import partial

from experiments.multilabel import make

COST = "up to four hours of one core"
main = partial(make, "imdb-genres")
