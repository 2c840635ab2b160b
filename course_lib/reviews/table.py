"""A table of reviews: texts, labels, names, and where each row came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

SPLITS = ("train", "validation", "test", "unlabelled")


class DataError(ValueError):
    """Data is missing, damaged or not what it should be; says what to do about it."""


@dataclass(frozen=True, eq=False)
class Reviews:
    """One split of one data set.

    Parameters
    ----------
    name, split
        Which data set and which of `train`, `validation`, `test`, `unlabelled`.
    texts
        One string a review.
    labels
        int64 (reviews,) class indices where a review has exactly one label; float32
        (reviews, labels) of zeros and ones where it has any number; None where they are
        not known, as in every `unlabelled` split.
    label_names
        What each class index, or each column of `labels`, means; the order is fixed.
    ids
        Unique inside the data set, and the same on every machine.
    films
        The film each review is about, or None where that is not known.
    notes
        What was left out and why, in words, with counts.
    extra
        Further columns, one value a review, such as the stars of an IMDB review.

    Raises `DataError` for columns that do not fit together, and for labels in an
    `unlabelled` split: what is not known must not look like a zero.

    >>> import numpy as np
    >>> two = Reviews("mine", "train", ["good", "bad"], np.array([1, 0]), ("no", "yes"),
    ...               ["a", "b"])
    >>> len(two), two.multilabel, two.select([1]).texts
    (2, False, ['bad'])
    """

    name: str
    split: str
    texts: list[str]
    labels: np.ndarray | None
    label_names: tuple[str, ...]
    ids: list[str]
    films: list[str] | None = None
    notes: tuple[str, ...] = ()
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = {"ids": self.ids, "films": self.films, "labels": self.labels}
        for column, values in {**columns, **self.extra}.items():
            if values is not None and len(values) != len(self.texts):
                raise DataError(
                    f"{self.name!r} has {len(self.texts)} texts but {len(values)} "
                    f"{column}; each text needs one"
                )
        if self.split == "unlabelled" and self.labels is not None:
            raise DataError(
                f"{self.name!r} gives labels to its unlabelled split; give labels=None"
            )
        if self.labels is not None and self.labels.ndim == 2:
            columns_of_labels, names = self.labels.shape[1], len(self.label_names)
            if columns_of_labels != names:
                raise DataError(
                    f"{self.name!r} has {columns_of_labels} label columns but {names} "
                    "label names"
                )

    def __len__(self) -> int:
        return len(self.texts)

    def require_labels(self) -> np.ndarray:
        """`labels`, where there must be some; raises `DataError` if there are none.

        >>> one = Reviews("mine", "test", ["fun"], np.array([1]), ("no", "yes"), ["a"])
        >>> one.require_labels().tolist()
        [1]
        """
        if self.labels is None:
            raise DataError(
                f"{self.name!r} has no labels in its {self.split} split: there is "
                "nothing to learn from there but a teacher's soft targets"
            )
        return self.labels

    @property
    def multilabel(self) -> bool:
        """Whether a review may have any number of labels; a `DataError` without any."""
        return self.require_labels().ndim == 2

    def select(self, positions: Sequence[int] | np.ndarray) -> Reviews:
        """The rows at `positions` (integers or a boolean mask), in that order.

        >>> two = Reviews("mine", "test", ["good", "bad"], None, ("no",), ["a", "b"])
        >>> two.select([1, 0]).texts, two.select(np.array([True, False])).texts
        (['bad', 'good'], ['good'])
        """
        rows = np.asarray(positions)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        rows = rows.astype(np.int64)
        return replace(
            self,
            texts=[self.texts[row] for row in rows],
            labels=None if self.labels is None else self.labels[rows],
            ids=[self.ids[row] for row in rows],
            films=None if self.films is None else [self.films[row] for row in rows],
            extra={column: values[rows] for column, values in self.extra.items()},
        )

    def single(self, label_name: str) -> Reviews:
        """One label of a multi-label set, as a two-class task.

        Class 1 is `label_name`, class 0 is "not " and that name. Without labels, only
        the names change. Raises `DataError` for a name that is not in the set, and if
        each review has one label already.

        >>> many = Reviews("mine", "test", ["fun"], np.float32([[1, 0]]),
        ...                ("humour", "music"), ["a"])
        >>> one = many.single("music")
        >>> one.label_names, one.labels.tolist()
        (('not music', 'music'), [0])
        """
        if label_name not in self.label_names:
            raise DataError(
                f"no label {label_name!r} in {self.name!r}; it has "
                f"{', '.join(self.label_names)}"
            )
        names = (f"not {label_name}", label_name)
        if self.labels is None:
            return replace(self, label_names=names)
        if self.labels.ndim == 1:
            raise DataError(f"{self.name!r} already gives each review one label")
        column = self.labels[:, self.label_names.index(label_name)]
        return replace(self, labels=column.astype(np.int64), label_names=names)

    def to_pandas(self) -> pd.DataFrame:
        """A data frame: text, label (or one 0/1 column a label), id, film, the rest.

        A single label is given by its name, so that the frame reads without a key.
        There is no label column where no labels are known.

        >>> one = Reviews("mine", "test", ["fun"], np.array([1]), ("no", "yes"), ["a"])
        >>> one.to_pandas().to_dict("records")
        [{'text': 'fun', 'label': 'yes', 'id': 'a'}]
        """
        frame = pd.DataFrame({"text": self.texts})
        if self.labels is not None and self.labels.ndim == 1:
            frame["label"] = [self.label_names[index] for index in self.labels]
        elif self.labels is not None:
            for column, label in enumerate(self.label_names):
                frame[label] = self.labels[:, column].astype(np.int64)
        frame["id"] = self.ids
        if self.films is not None:
            frame["film"] = self.films
        for name, values in self.extra.items():
            frame[name] = values
        return frame
