"""What does a BERT teach something small, on IMDB?

Three small students learn what a fine-tuned MiniLM said of the training and the
unlabelled reviews (`experiments.minilm` made its soft targets), each beside
its equal that had the labels and no teacher; and article 002's student, a linear layer
on what a frozen BERT makes of a text. All read the 25,000 test reviews. The frozen BERT
needs six minutes of the time to read the ends of 33,000 reviews.
"""

import time
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn
from transformers import AutoTokenizer

from course_lib import records
from course_lib.batches import Examples
from course_lib.comparison import Reading
from course_lib.devices import accelerator
from course_lib.distill import read_ready_made, with_unlabelled
from course_lib.experiment import Experiment
from course_lib.losses import DistillationLoss
from course_lib.models import (
    STUDENTS,
    BertClassifier,
    FrozenBertClassifier,
    count_parameters,
    file_bytes,
    find_pretrained,
)
from course_lib.soft_target_files import SoftTargets
from course_lib.soft_targets import predict_logits
from course_lib.splits import Splits, prepare
from course_lib.tensor_files import digest
from course_lib.text import encode_pieces
from course_lib.training import Distillation
from experiments import sized
from experiments.minilm import PLANS, out

COST = "twenty minutes of one core"
SEEDS = (0, 1, 2)
# The GRU is a student too, but on a CPU PyTorch trains it several times more slowly
# than the LSTM: add its name where there is a GPU.
NAMES = ("bag", "textcnn", "lstm")
TEMPERATURE = 2.0
TAUGHT = Distillation(DistillationLoss(TEMPERATURE, alpha=1.0))
HEAD_EVERY, HEAD_TOKENS = 4, 64  # a quarter of the reviews is enough for 770 numbers


def main(limit: int | None = None, seeds: Sequence[int] = SEEDS) -> records.Record:
    """Train what was not trained before, and write the record."""
    scale = sized(limit)
    splits = prepare("imdb", scale, seed=0)
    said = SoftTargets.read(out("imdb"))
    everything = with_unlabelled(splits, alpha=1.0).with_soft_targets(
        said.logits_for(splits.readable_texts, splits.label_names)
    )
    done = Experiment("bert-to-small-imdb", splits, seeds, scale)
    teacher = read_ready_made(said, splits)
    done.make(
        "teacher",
        {"said": digest({"test": torch.from_numpy(teacher.logits)})},
        lambda: teacher,
    )
    for run in range(len(seeds)):
        for name in NAMES:
            done.train(f"{name}-alone", run, STUDENTS[name])
            done.train(f"{name}-taught", run, STUDENTS[name], everything, TAUGHT)
    about = {
        "every": HEAD_EVERY,
        "tokens": HEAD_TOKENS,
        "pretrained": find_pretrained(),
    }
    done.make("head", about, partial(linear_head, splits))
    record = done.record(
        {f"{n}_taught_minus_alone": (f"{n}-taught", f"{n}-alone") for n in NAMES}
        | {f"{n}_taught_minus_teacher": (f"{n}-taught", "teacher") for n in NAMES},
        teacher_model=said.teacher["name"],
        temperature=TEMPERATURE,
        transfer=len(everything),
        pieces={"teacher": PLANS["imdb"].max_tokens, "head": HEAD_TOKENS},
        milliseconds=latencies(splits),
    )
    done.write(record)
    return record


def linear_head(splits: Splits) -> Reading:
    """Return what logistic regression says on the mean vector of a frozen BERT."""
    tokenizer = AutoTokenizer.from_pretrained(find_pretrained())
    model = FrozenBertClassifier(find_pretrained(), len(splits.label_names))
    sizes = count_parameters(model), file_bytes(model)
    hidden = model.head.in_features
    model.head = nn.Linear(hidden, hidden)
    nn.init.eye_(model.head.weight)  # out come the vectors themselves
    nn.init.zeros_(model.head.bias)
    vectors, labels, start = {}, {}, 0.0
    for split in ("train", "validation", "test"):
        step = HEAD_EVERY if split == "train" else 1
        texts = splits.reviews[split].texts[::step]
        pieces = encode_pieces(texts, tokenizer, HEAD_TOKENS)
        labels[split] = getattr(splits, split).truth[::step]
        start = time.perf_counter()
        examples = Examples(pieces, labels[split])
        vectors[split] = predict_logits(model, examples, progress=split).numpy()
    speed = len(splits.test) / (time.perf_counter() - start)
    heads = [
        LogisticRegression(C=c, max_iter=2_000).fit(vectors["train"], labels["train"])
        for c in (0.1, 1.0, 10.0)
    ]
    best = max(
        heads, key=lambda h: h.score(vectors["validation"], labels["validation"])
    )
    scores = best.decision_function(vectors["test"])
    logits = np.stack([-scores / 2, scores / 2], axis=1).astype(np.float32)
    return Reading(logits, *sizes, speed)


def latencies(splits: Splits) -> dict[str, float]:
    """Return milliseconds for one review at a time, the median over some."""
    texts = splits.reviews["test"].texts[:60]
    tokenizer = AutoTokenizer.from_pretrained(find_pretrained())
    pieces = Examples(encode_pieces(texts, tokenizer, PLANS["imdb"].max_tokens))
    words = Examples(splits.test.tokens[: len(texts)])
    bert = BertClassifier(find_pretrained(), len(splits.label_names))
    found = {"teacher": median_milliseconds(bert, pieces)}
    for name in NAMES:
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
