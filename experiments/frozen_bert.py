"""A linear layer on what a frozen BERT makes of a text, and how long BERTs take."""

import time
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.devices import accelerator
from course_lib.models import (
    STUDENTS,
    BertClassifier,
    FrozenBertClassifier,
    count_parameters,
    file_bytes,
    find_pretrained,
    load_tokenizer,
)
from course_lib.soft_targets import predict_logits
from course_lib.splits import Splits
from course_lib.text import encode_pieces
from experiments.linear import two_logits

# A fifth of the reviews is enough for 770 numbers. An odd number, since a few of them
# alternate between two classes.
EVERY, TOKENS = 5, 64
STRENGTHS = (0.1, 1.0, 10.0)


def linear_head(splits: Splits) -> Reading:
    """Return what logistic regression says on the mean vector of a frozen BERT."""
    tokenizer, _ = load_tokenizer(find_pretrained())
    model = FrozenBertClassifier(find_pretrained(), len(splits.label_names))
    sizes = count_parameters(model), file_bytes(model)
    hidden = model.head.in_features
    model.head = nn.Linear(hidden, hidden)
    nn.init.eye_(model.head.weight)  # out come the vectors themselves
    nn.init.zeros_(model.head.bias)
    vectors, labels, start = {}, {}, 0.0
    for split in ("train", "validation", "test"):
        step = EVERY if split == "train" else 1
        texts = splits.reviews[split].texts[::step]
        pieces = encode_pieces(texts, tokenizer, TOKENS)
        labels[split] = getattr(splits, split).truth[::step]
        start = time.perf_counter()
        examples = Examples(pieces, labels[split])
        vectors[split] = predict_logits(model, examples, progress=split).numpy()
    speed = len(splits.test) / (time.perf_counter() - start)
    heads = [
        LogisticRegression(C=c, max_iter=2_000).fit(vectors["train"], labels["train"])
        for c in STRENGTHS
    ]
    best = max(
        heads, key=lambda h: h.score(vectors["validation"], labels["validation"])
    )
    scores = best.decision_function(vectors["test"])
    return Reading(two_logits(scores), *sizes, speed)


def latencies(
    splits: Splits, max_pieces: int, names: Sequence[str]
) -> dict[str, float]:
    """Return milliseconds for one review at a time, the median over some."""
    texts = splits.reviews["test"].texts[:60]
    tokenizer, _ = load_tokenizer(find_pretrained())
    pieces = Examples(encode_pieces(texts, tokenizer, max_pieces))
    words = Examples(splits.test.tokens[: len(texts)])
    bert = BertClassifier(find_pretrained(), len(splits.label_names))
    found = {"teacher": median_milliseconds(bert, pieces)}
    for name in names:
        model = STUDENTS[name].build(splits.vocabulary_size, len(splits.label_names))
        found[name] = median_milliseconds(model, words)
    return found


@torch.inference_mode()
def median_milliseconds(model: nn.Module, examples: Examples) -> float:
    """Return how long a model takes over one text, without cutting it to tokens."""
    device = accelerator().device
    model.to(device).eval()
    times = []
    for batch in examples.ordered_batches(1):
        batch = batch.to(device)
        start = time.perf_counter()
        model(batch.tokens, batch.lengths).sum().item()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times))
