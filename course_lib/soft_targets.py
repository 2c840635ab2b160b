"""What a model says about a whole split: logits, in the order of the split.

The teacher's are the soft targets. The student's, made by the same function, are what
the metrics read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from course_lib.batches import Batch, Examples
from course_lib.devices import accelerator
from course_lib.memory import is_out_of_memory
from course_lib.models import LabelwiseLSTM
from course_lib.tagged import TokenExamples


def predict_logits(
    model: nn.Module,
    examples: Examples,
    *,
    batch_size: int = 256,
    progress: str | None = None,
) -> Tensor:
    """Return the model's logits, (reviews, labels) float32 on the CPU, in split order.

    A tagger's, about `TokenExamples`, are (texts, longest, tags), and 0 where nothing
    counts.

    The model is read in eval mode, since dropout noise in a soft target is noise that
    the student then learns, and is left in the mode it came in. Row i belongs to review
    i however the reviews were batched. Of several processes, each reads a share of the
    batches, and all get the whole. `progress` names a progress bar.

    Where `batch_size` reviews do not fit in memory, half as many are read at once, and
    so on. Raises `MemoryError` if a single one does not fit.

    >>> from course_lib.models.bag import BagOfEmbeddings
    >>> reviews = Examples([np.array([2, 3]), np.array([4])], torch.tensor([0, 1]))
    >>> predict_logits(BagOfEmbeddings(10, 2, embedding_size=4), reviews).shape
    torch.Size([2, 2])
    """
    hub = accelerator()
    # A parallel wrapper is for training: nothing is exchanged here until the end.
    model = hub.unwrap_model(model)
    model.to(hub.device)
    bar = tqdm(
        total=len(examples),
        desc=progress,
        unit=" reviews",
        disable=progress is None or not hub.is_main_process,
    )
    # Rows that another process reads stay zero here; the sum then has every row.
    of_tokens = isinstance(examples, TokenExamples)
    longest = (max(map(len, examples.tokens)),) if of_tokens else ()
    shape = (len(examples), *longest, count_logits(model, examples))
    rows = torch.zeros(shape, device=hub.device)
    most = batch_size  # at once
    with bar, in_eval_mode(model), hub.autocast():
        batches = examples.ordered_batches(batch_size)
        for batch in islice(batches, hub.process_index, None, hub.num_processes):
            start = 0
            while start < len(batch.index):
                part = batch.part(start, start + most)
                try:
                    given = logits_of(model, part)
                    if part.counted is not None:
                        counted = part.counted.to(hub.device).unsqueeze(-1)
                        given = given.masked_fill(~counted, 0)
                    rows[part.index, : given.shape[1]] = given
                except MemoryError:
                    most = len(part.index) // 2
                    if not most:
                        raise
                    continue
                start += len(part.index)
                bar.update(len(part.index) * hub.num_processes)
    return hub.reduce(rows, "sum").cpu()


class _InARow(nn.Module):
    """A label-wise model that gives all it has, as one long row a review."""

    def __init__(self, model: LabelwiseLSTM) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels · (1 + width))."""
        logits, embeddings = self.model(tokens, lengths, with_embeddings=True)
        return torch.cat([logits.unsqueeze(-1), embeddings], dim=-1).flatten(1)


def logits_and_embeddings(teacher: LabelwiseLSTM, examples: Examples) -> Tensor:
    """Ask a label-wise teacher: (reviews, labels, 1 + width) float32 on the CPU.

    >>> teacher = LabelwiseLSTM(10, num_labels=3, embedding_size=4, hidden_size=2)
    >>> logits_and_embeddings(teacher, Examples([np.array([2, 3])])).shape
    torch.Size([1, 3, 5])
    """
    rows = predict_logits(_InARow(teacher), examples)
    return rows.unflatten(1, (teacher.num_labels, -1))


def count_logits(model: nn.Module, examples: Examples) -> int:
    """Return how many logits the model gives, by asking it about one review.

    Raises `ValueError` if what it gives is no row of logits, a review or a token.
    """
    batch = examples.collate(np.array([0]))
    with in_eval_mode(model):
        logits = logits_of(model, batch)
    of_tokens = isinstance(examples, TokenExamples)
    fits = logits.shape[:2] == batch.tokens.shape if of_tokens else True
    if logits.dim() != 2 + of_tokens or not fits:
        expected = "(texts, tokens, tags)" if of_tokens else "(reviews, labels)"
        raise ValueError(
            f"the model gave a result of shape {tuple(logits.shape)} for one review; "
            f"expected logits of shape {expected}"
        )
    return logits.shape[-1]


def logits_of(model: nn.Module, batch: Batch) -> Tensor:
    """Return a batch's logits as float32, or raise `MemoryError` if it does not fit."""
    try:
        batch = batch.to(accelerator().device)
        logits: Tensor = model(batch.tokens, batch.lengths)
        return logits.float()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error, len(batch.index)):
            raise
        raise MemoryError(
            f"a batch of {len(batch.index)}, the longest of {batch.tokens.shape[1]:,} "
            "tokens, does not fit in memory: give it fewer tokens"
        ) from error


@contextmanager
def in_eval_mode(model: nn.Module) -> Iterator[None]:
    """Read with a model: no dropout, no gradients, and its mode given back after."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        # One by one: a frozen part may be in eval mode inside a model in train mode.
        for module, was_training in modes:
            module.training = was_training
