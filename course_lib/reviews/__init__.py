"""Reviews to learn from: four data sets, and your own, behind one call.

`loading` is that call: open it first. `table` is what it returns. Each data set has its
own place: `synthetic`, `imdb` (its genres included), `goemotions`, and `own` for a
table of yours. `archives` fetches published files, and `leaks` keeps every text and
film to one split.
"""

from course_lib.reviews.loading import load
from course_lib.reviews.table import DataError, Reviews

__all__ = ["DataError", "Reviews", "load"]
