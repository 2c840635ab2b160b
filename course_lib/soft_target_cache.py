"""A teacher is asked once: what it said is found again under all that it depends on."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import Tensor, nn

from course_lib.batches import Examples
from course_lib.devices import accelerator, asked_in_one_process
from course_lib.files import sweep
from course_lib.models import count_parameters, file_bytes
from course_lib.soft_target_files import LARGEST, SoftTargets, text_digests
from course_lib.soft_targets import predict_logits
from course_lib.tensor_files import digest, refused


def make_once(
    teacher: nn.Module,
    examples: Examples,
    texts: Sequence[str],
    label_names: Sequence[str],
    *,
    name: str,
    tokenizer: str,
    max_tokens: int,
    folder: str | Path | None,
) -> SoftTargets:
    """Ask the teacher about some texts, or read from `folder` what it said before.

    `examples` are the texts as the teacher reads them, through a tokenizer with that
    digest. The file is named after all that the answers depend on, so that another
    text, weight, tokenizer, length or label is another file. Raises `ValueError` if
    the file of that name holds anything else, and leaves it alone. Without a folder,
    nothing is kept, and the result is the same.

    >>> from tempfile import mkdtemp
    >>> import numpy as np, torch
    >>> from course_lib.models.bag import BagOfEmbeddings
    >>> teacher, folder = BagOfEmbeddings(10, 2, 4), mkdtemp()
    >>> reviews = Examples([np.array([2, 3]), np.array([4])], torch.tensor([0, 1]))
    >>> def ask_or_read():
    ...     return make_once(
    ...         teacher, reviews, ["a film", "no"], ["bad", "good"],
    ...         name="a bag", tokenizer="words", max_tokens=256, folder=folder)
    >>> said = ask_or_read()
    >>> said.logits.shape, torch.equal(said.logits, ask_or_read().logits)
    (torch.Size([2, 2]), True)
    """
    if len(examples) != len(texts):
        raise ValueError(f"{len(examples)} encoded reviews, but {len(texts)} texts")
    hub = accelerator()
    teacher = hub.unwrap_model(teacher)
    keys = text_digests(texts)
    about = {
        "name": name,
        "architecture": repr(teacher),
        "weights": digest(teacher.state_dict()),
        "tokenizer": tokenizer,
        "max_tokens": max_tokens,
        "dtype": "float16",
        "labels": list(label_names),
        "texts": digest({"texts": keys}),
    }
    key = sha256(json.dumps(about).encode()).hexdigest()
    about = {"key": key, **about}
    if folder is None:
        return ask(teacher, examples, keys, label_names, about)
    folder = Path(folder)
    path = folder / f"{key[:32]}.safetensors"
    with ExitStack() as stack:

        def look() -> SoftTargets | None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                # Of several runs, one asks and the others wait.
                stack.enter_context(FileLock(f"{path}.lock"))
                sweep(path)
                return kept(path, key, keys)
            except OSError as error:
                raise ValueError(f"no file can be kept in {folder}: {error}") from error

        said = asked_in_one_process(look)
        if said is None:
            said = ask(teacher, examples, keys, label_names, about)
            if hub.is_main_process:
                said.write(path)
        return said


def kept(path: Path, key: str, keys: Tensor) -> SoftTargets | None:
    """Read an entry, if it is there; refuse it if it is not what its name says."""
    if not path.exists():
        return None
    said = SoftTargets.read(path)
    if said.teacher.get("key") != key or not torch.equal(said.texts, keys):
        raise refused(path, "holds the soft targets of another teacher or other texts")
    return said


def ask(
    teacher: nn.Module,
    examples: Examples,
    keys: Tensor,
    label_names: Sequence[str],
    about: dict[str, Any],
) -> SoftTargets:
    """Read the texts with the teacher."""
    logits = predict_logits(teacher, examples, progress="soft targets")
    if logits.shape[1] != len(label_names):
        raise ValueError(
            f"the teacher gives {logits.shape[1]} logits a review, and there are "
            f"{len(label_names)} labels: {', '.join(label_names)}"
        )
    largest = logits.abs().max().item()
    if not largest <= LARGEST:  # NaN is not either
        raise ValueError(
            f"the teacher's largest logit is {largest}; soft targets are kept in half "
            f"precision, up to {LARGEST:.0f}. Did its training go wrong?"
        )
    sizes = {
        "parameters": count_parameters(teacher),
        "bytes": file_bytes(teacher),
    }
    return SoftTargets(logits.half(), keys, tuple(label_names), {**about, **sizes})
