"""Your own reviews, from a table: CSV, tab-separated, JSON Lines or Parquet.

The columns say what the file holds:

    text                  (or `review`, `sentence`, `content`) what to classify
    label                 one label a row, by name or number (or `sentiment`, `class`,
                          `category`, `target`); or
    labels                any number, with | or ; between them, or a list; or
    several 0/1 columns   one a label
    split                 train, validation (dev, val), test or unlabelled; without it,
                          four fifths train and a tenth each validate and test
    id, film              optional

Upper and lower case are the same. `text_column` and `label_column` name other columns;
the latter holds several labels a row where some cell has more than one. The file may be
compressed (.gz, .bz2, .xz, .zip). Separator and encoding are guessed, and the notes say
what was; `separator` and `encoding` settle them.

Rows are dealt to the splits by their film if there is one, else by their text, so that
neither is ever in two splits; a row that shares one with another split is left out, as
it is for IMDB. A row without a label belongs to the unlabelled split: its cell is
empty, or holds what programs write for nothing (NaN, None, NA), or -1 beside other
whole numbers. The notes say so.

`loading` finds the columns and makes one split of them: open it first. `files` turns a
file into a `table`, by `separated` if it is CSV or the like; `labels` and `names` read
each row's labels, and `splits` deals the rows out.
"""

from course_lib.reviews.own.loading import OTHER_TEXT, TEXT, load, load_labelled

__all__ = ["OTHER_TEXT", "TEXT", "load", "load_labelled"]
