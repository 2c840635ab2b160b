"""What a GPU does: an epoch of the LSTM over IMDB, and how busy BERT keeps the chip.

    COURSE_DATA=folder python -m benchmarks.gpu [book/records/bench-gpu.json]

The chip's matrix rate is that of one large multiplication in the same precision, timed
in the same minute: what this chip does here, and not what its data sheet promises.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.bert import Bert, bert_base
from benchmarks.sample import VOCABULARY_SIZE, load_sample, padding_share, shape_of
from benchmarks.timing import spread
from course_lib import records
from course_lib.batches import Examples
from course_lib.devices import accelerator, precision
from course_lib.models import TEACHERS, count_parameters
from course_lib.training import train

RECORD = Path(__file__).resolve().parent.parent / "book" / "records" / "bench-gpu.json"
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
AIMS = {"lstm_epoch_seconds": 1.0, "share_of_matrix_rate": 0.4}  # on an H200


def epoch_seconds(
    model: nn.Module,
    examples: Examples,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float = 1e-4,
) -> list[float]:
    """Train, and return how long each epoch took without the first, which warms up."""
    few = Examples(examples.tokens[:2], examples.labels[:2])
    history = train(
        model,
        examples,
        few,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
    )
    return [epoch.seconds for epoch in history.epochs[1:]]


def lstm_epoch(
    *, reviews: int | None = None, epochs: int = 6, batch_size: int = 512
) -> records.Record:
    """Train the course's LSTM teacher on all of IMDB, at most 512 tokens a review."""
    sample = load_sample(reviews)
    examples = sample.examples(max_tokens=512)
    torch.manual_seed(0)
    model = TEACHERS["lstm"].build(VOCABULARY_SIZE, 2)
    found = epoch_seconds(model, examples, epochs=epochs, batch_size=batch_size)
    return {
        "data": sample.data,
        "seconds": spread(found),
        "batch_size": batch_size,
        "padding": padding_share(examples, batch_size),
        **shape_of(examples),
    }


def training_flops(bert: Bert, reviews: int, tokens: int) -> int:
    """Return the floating-point operations of the matrix products of a training step.

    A layer multiplies each token with 4 h² + 2 h f weights, for hidden size h and
    feed-forward size f, and its attention takes 2 · tokens · h products more for each
    token. A product and a sum are two operations; going backwards takes twice as many
    as going forwards. The pooler and the head read one token a review. (Kaplan et al.
    2020, section 2.1, count the same way.)
    """
    size = bert.bert.config
    h, f = size.hidden_size, size.intermediate_size
    layer = 4 * h * h + 2 * h * f + 2 * tokens * h  # products, each token
    top = h * h + h * size.num_labels  # each review
    return 3 * 2 * reviews * (size.num_hidden_layers * tokens * layer + top)


def matrix_rate(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Return the operations a second of a large matrix product."""
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    found = []
    for _ in range(5):
        synchronise(device)
        start = time.perf_counter()
        for _ in range(10):
            a @ b
        synchronise(device)
        found.append(10 * 2 * size**3 / (time.perf_counter() - start))
    return max(found)


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def bert_share(
    bert: Bert,
    *,
    reviews: int = 4_096,
    tokens: int = 512,
    batch_size: int = 64,
    epochs: int = 4,
    matrix_size: int = 8_192,
) -> records.Record:
    """Fine-tune BERT on full-length reviews and compare with the matrix rate."""
    hub = accelerator()
    dtype = DTYPES.get(hub.mixed_precision, torch.float32)
    random = np.random.default_rng(0)
    words = random.integers(1, bert.bert.config.vocab_size, size=(reviews, tokens))
    examples = Examples(list(words.astype(np.int32)), torch.arange(reviews) % 2)
    found = epoch_seconds(bert, examples, epochs=epochs, batch_size=batch_size)
    flops = reviews // batch_size * training_flops(bert, batch_size, tokens)
    rate = matrix_rate(hub.device, dtype, matrix_size)
    return {
        "model": "BERT from its configuration, all layers trained",
        "parameters": count_parameters(bert),
        "precision": precision(hub.device.type == "cuda")[1],
        "reviews": reviews,
        "tokens": tokens,
        "batch_size": batch_size,
        "seconds": spread(found),
        "tokens_per_second": spread(reviews * tokens / s for s in found),
        "operations_per_second": spread(flops / s for s in found),
        "matrix_rate": float(f"{rate:.4g}"),
        "share_of_matrix_rate": spread(flops / s / rate for s in found),
    }


def main() -> None:
    """Write the record of this machine's GPU."""
    if not torch.cuda.is_available():
        sys.exit("benchmarks.gpu needs a CUDA device, and there is none here")
    path = Path(sys.argv[1]) if sys.argv[1:] else RECORD
    records.check_writable(path)
    record = {
        "command": "COURSE_DATA=path/to/folder python -m benchmarks.gpu",
        "lstm_epoch": lstm_epoch(),
        "bert_fine_tuning": bert_share(bert_base()),
        "aims": AIMS,
        "data": load_sample(1).data,
        "scale": "full",
        "seeds": [0],
        "device": records.device_name(accelerator().device),
        "versions": records.versions(),
    }
    records.write(path, record)


if __name__ == "__main__":
    main()
