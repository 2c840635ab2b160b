"""Soft targets in a file: a teacher's answers, paired by content.

A row belongs to a text and not to a place in a list, so that no shuffle, slice or other
order can pair it wrongly. The logits are kept in half precision: 100,000 reviews with
28 labels take six megabytes, and rounding moves a logit by at most one part in 2,000.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torchtext.vocab import Vocab

from course_lib import tensor_files
from course_lib.soft_target_types import check_types
from course_lib.tensor_files import refused

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

KIND = "course_lib soft targets, format 1"
LARGEST = torch.finfo(torch.half).max


def text_digests(texts: Sequence[str]) -> Tensor:
    """Return (texts,) int64 digests: equal for equal texts, and else almost surely not.

    >>> text_digests(["good", "bad", "good"]).unique().numel()
    2
    """
    joined = b"".join(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for text in texts
    )
    return torch.from_numpy(np.frombuffer(joined, dtype="<i8").astype(np.int64))


def tokenizer_digest(tokenizer: "Vocab | PreTrainedTokenizerBase") -> str:
    """Return a digest of how texts become numbers.

    >>> from course_lib.text import build_vocabulary
    >>> one, again, other = (build_vocabulary([t], 3) for t in ("good", "good", "bad"))
    >>> tokenizer_digest(one) == tokenizer_digest(again) != tokenizer_digest(other)
    True
    """
    described: list[Any]
    if isinstance(tokenizer, Vocab):
        described = ["words", tokenizer.itos]
    else:
        # Sorted: `get_vocab` gives another order each time it is called.
        vocabulary = sorted(tokenizer.get_vocab().items())
        described = [type(tokenizer).__name__, vocabulary]
        if tokenizer.is_fast:  # it can say its rules: lower case, accents, merges
            rules = json.loads(tokenizer.backend_tokenizer.to_str())
            # What its last call asked for, and no part of it.
            del rules["truncation"], rules["padding"]
            described.append(rules)
    return sha256(json.dumps(described).encode()).hexdigest()


@dataclass(frozen=True)
class SoftTargets:
    """What a teacher said of some texts. Raises `ValueError` if the parts do not fit.

    `teacher` is its card, of JSON's types. It must say the teacher's `name`. A table of
    results also shows its `parameters` and the `bytes` of its file, whole numbers, if
    they are there. All else is for the reader; `make_once` writes how the teacher read.

    >>> said = SoftTargets(
    ...     logits=torch.tensor([[2.0, -1.0], [0.5, 0.0]], dtype=torch.half),
    ...     texts=text_digests(["good", "fair"]),
    ...     label_names=("positive", "negative"),
    ...     teacher={"name": "an example"},
    ... )
    >>> said.logits_for(["fair", "good", "fair"], ("negative", "positive"))
    tensor([[ 0.0000,  0.5000],
            [-1.0000,  2.0000],
            [ 0.0000,  0.5000]])
    """

    logits: Tensor  # (texts, labels) float16
    texts: Tensor  # (texts,) int64, by `text_digests`
    label_names: tuple[str, ...]
    teacher: dict[str, Any]

    def __post_init__(self) -> None:
        check_types(self.logits, self.texts, self.label_names, self.teacher)
        shape = (len(self.texts), len(self.label_names))
        if self.logits.shape != shape or self.logits.dtype != torch.half:
            raise ValueError(
                f"{self.logits.dtype} logits of shape {tuple(self.logits.shape)}; "
                f"expected float16 {shape}: a row a text, a column a label"
            )
        if 0 in shape or len(set(self.label_names)) < shape[1]:
            raise ValueError(
                f"{shape[0]} texts and the labels {self.label_names}; expected at "
                "least one of each, and no label twice"
            )
        if not self.logits.isfinite().all():
            raise ValueError(f"a logit is no number, or beyond {LARGEST:.0f}")
        texts, order = self.texts.sort(stable=True)
        twice = (texts[1:] == texts[:-1]).nonzero().flatten()
        rows = torch.stack([order[twice], order[twice + 1]], dim=1)
        one, other = self.logits[rows].float().unbind(1)  # (pairs, labels) each
        # So far may logits move if a text is read in another batch, in bfloat16.
        off = ~torch.isclose(one, other, atol=0.1, rtol=0.02).all(1)
        if off.any():
            first, second = rows[off][0].tolist()
            raise ValueError(
                f"rows {first} and {second} are of the same text and say different "
                f"things: {one[off][0].tolist()} and {other[off][0].tolist()}. Are "
                "rows and texts in one order, and was the teacher in eval mode?"
            )

    def logits_for(self, texts: Sequence[str], label_names: Sequence[str]) -> Tensor:
        """Return (texts, labels) float32 logits, in the order of texts and names given.

        Raises `ValueError` if a text or a label is not here: a student must learn from
        what its teacher said of the same text, about the same label.
        """
        missing = [name for name in label_names if name not in self.label_names]
        if missing:
            raise ValueError(
                f"the teacher knows no {', '.join(map(repr, missing))}; it knows "
                f"{', '.join(map(repr, self.label_names))}"
            )
        columns = [self.label_names.index(name) for name in label_names]
        wanted = text_digests(texts)
        known, order = self.texts.sort(stable=True)
        places = torch.searchsorted(known, wanted).clamp(max=len(known) - 1)
        absent = (known[places] != wanted).nonzero().flatten()
        if len(absent):
            raise ValueError(
                f"the teacher has not read {len(absent):,} of these {len(texts):,} "
                f"texts; the first begins {texts[int(absent[0])][:60]!r}. Were these "
                "soft targets made for other reviews, or for another split?"
            )
        return self.logits[order[places]][:, columns].float()

    def write(self, path: str | Path) -> None:
        """Write the file, whole or not at all."""
        tensors = {"logits": self.logits, "texts": self.texts}
        about = {"label_names": self.label_names, "teacher": self.teacher}
        tensor_files.write(path, KIND, tensors, about)

    @classmethod
    def read(cls, path: str | Path) -> "SoftTargets":
        """Read a file. Raises `TensorFileError` if it is damaged or no soft targets."""
        if not Path(path).is_file():
            raise FileNotFoundError(f"there are no soft targets at {path}")
        tensors, about = tensor_files.read(path, KIND)
        try:
            names = about["label_names"]
            names = tuple(names) if isinstance(names, list) else names
            return cls(tensors["logits"], tensors["texts"], names, about["teacher"])
        except KeyError as error:
            raise refused(path, f"has no {error.args[0]}") from error
        except (TypeError, ValueError) as error:
            raise refused(path, f"holds no soft targets: {error}") from error
