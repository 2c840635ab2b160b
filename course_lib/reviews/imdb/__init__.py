"""The Large Movie Review Dataset, without the leaks between its splits.

Maas et al. (2011), *Learning word vectors for sentiment analysis*: 25,000 reviews to
train on, 25,000 to test on, half of each positive (seven stars or more) and half
negative (four or fewer), and 50,000 without a label. Validation is taken from the
training reviews by film: a model that has met a film knows its actors' names and how
people liked it, and would look better than it is.

`cache` finds the nearest source and reads one split: open it first. `archive` reads the
official archive, `hub` the hub's copy, and `genres` gives each review its film's genres
for labels.
"""

from course_lib.reviews.imdb.cache import load, load_with_films

__all__ = ["load", "load_with_films"]
