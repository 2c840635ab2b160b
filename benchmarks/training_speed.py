"""What the course's way of training saves: packing, padding, and most of a teacher."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.bert import examples_for_bert
from benchmarks.online import OnlineTeacher
from benchmarks.sample import (
    VOCABULARY_SIZE,
    RandomBatches,
    Sample,
    padding_share,
    shape_of,
)
from benchmarks.timing import in_turn, spread, versus
from course_lib.batches import Batch, Examples
from course_lib.losses import DistillationLoss
from course_lib.models import STUDENTS, LSTMClassifier, masked_mean_and_max
from course_lib.records import Record
from course_lib.soft_targets import predict_logits
from course_lib.training import Distillation, Objective, label_loss, train

STUDENT = STUDENTS["lstm"]


class PackedLSTM(nn.Module):
    """The same bidirectional network, written as PyTorch's documentation does it."""

    def __init__(
        self,
        vocabulary_size: int,
        num_labels: int,
        embedding_size: int,
        hidden_size: int,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, 0)
        self.lstm = nn.LSTM(
            embedding_size, hidden_size, batch_first=True, bidirectional=True
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(4 * hidden_size, num_labels)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        x = self.dropout(self.embedding(tokens))
        packed = pack_padded_sequence(
            x, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        x, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.head(self.dropout(masked_mean_and_max(x, lengths)))


def padded_vs_packed(
    sample: Sample,
    *,
    repeats: int,
    batches: int,
    sizes: tuple[int, int] = (100, 128),
    batch_size: int = 64,
    max_tokens: int = 256,
) -> Record:
    """Train the same LSTM on the same padded batches, with and without packing.

    What packing costs depends on the lengths in a batch, so there are three kinds. The
    ratio is that of random batches: they are what packing is for.
    """
    bucketed = sample.examples(max_tokens)
    random = RandomBatches(bucketed.tokens, bucketed.labels)
    sorted_ = list(bucketed.shuffled_batches(batch_size, seed=0, epoch=0))
    kinds = {
        "random": list(random.shuffled_batches(batch_size, seed=0, epoch=0)),
        "like lengths": [b for b in sorted_ if b.lengths.min() < b.lengths.max()],
        "one length": [b for b in sorted_ if b.lengths.min() == b.lengths.max()],
    }
    found = {
        kind: train_both(taken[:batches], repeats, sizes)
        for kind, taken in kinds.items()
        if taken
    }
    return found.pop("random") | {
        "ours": "one LSTM a direction on padded batches, course_lib.models.recurrent",
        "theirs": "pack_padded_sequence and a bidirectional nn.LSTM",
        "embedding_and_hidden_size": list(sizes),
        "batch_size": batch_size,
        "batches": "random",
        "other_batches": found,
    }


def train_both(batches: list[Batch], repeats: int, sizes: tuple[int, int]) -> Record:
    """Take the same steps with both LSTMs."""
    torch.manual_seed(0)
    models = {
        "ours": LSTMClassifier(VOCABULARY_SIZE, 2, *sizes),
        "theirs": PackedLSTM(VOCABULARY_SIZE, 2, *sizes),
    }

    def steps(model: nn.Module) -> None:
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
        for batch in batches:
            optimizer.zero_grad()
            label_loss(model(batch.tokens, batch.lengths), batch.labels).backward()
            optimizer.step()

    jobs = {name: lambda m=model: steps(m) for name, model in models.items()}
    seconds = in_turn(jobs, repeats)
    tokens = sum(int(batch.lengths.sum()) for batch in batches)
    padded = sum(batch.tokens.numel() for batch in batches)
    return versus(seconds["ours"], seconds["theirs"]) | {
        "padding": round(1 - tokens / padded, 4),
        "longest": max(int(batch.lengths.max()) for batch in batches),
        "tokens_per_second": {
            name: spread(tokens / s for s in found) for name, found in seconds.items()
        },
    }


def bucketed_vs_random(
    sample: Sample, *, repeats: int, batch_size: int = 32, max_tokens: int = 512
) -> Record:
    """Train an epoch on batches of like lengths, and one on batches drawn at random."""
    bucketed = sample.examples(max_tokens)
    orders = {
        "ours": bucketed,
        "theirs": RandomBatches(bucketed.tokens, bucketed.labels),
    }
    seconds = in_turn(
        {name: lambda e=order: student_epoch(e) for name, order in orders.items()},
        repeats,
    )
    return versus(seconds["ours"], seconds["theirs"]) | {
        "ours": "an epoch of batches of reviews of like lengths",
        "theirs": "an epoch of batches of reviews of any length",
        "batch_size": batch_size,
        "padding": {
            name: padding_share(order, batch_size) for name, order in orders.items()
        },
        **shape_of(bucketed),
    }


def cached_vs_online(
    sample: Sample,
    *,
    repeats: int,
    bert: tuple[nn.Module, str],
    batch_size: int = 32,
    max_tokens: int = 256,
) -> Record:
    """Distil an epoch with soft targets in memory, or with BERT asked each time."""
    teacher, about = bert
    examples, units = examples_for_bert(sample, max_tokens)
    made: list[Tensor] = []
    once = in_turn({"once": lambda: made.append(predict_logits(teacher, examples))}, 1)
    cached = examples.with_soft_targets(made[0])
    loss = DistillationLoss(temperature=2.0, alpha=0.5)
    online = OnlineTeacher(teacher, loss)
    seconds = in_turn(
        {
            "ours": lambda: student_epoch(cached, objective=Distillation(loss)),
            "theirs": lambda: student_epoch(cached, objective=online),
        },
        repeats,
    )
    return versus(seconds["ours"], seconds["theirs"]) | {
        "ours": "an epoch with the teacher's logits in memory",
        "theirs": "an epoch with the teacher asked at every batch",
        "teacher": about,
        "both_read": units,
        "batch_size": batch_size,
        "seconds_to_ask_once": round(once["once"][0], 2),
        **shape_of(examples),
    }


def student_epoch(
    examples: Examples,
    objective: Objective | None = None,
    batch_size: int = 32,
) -> float:
    """Train the default student for an epoch; return its seconds by `train`'s clock."""
    highest = max(int(np.max(review)) for review in examples.tokens)
    torch.manual_seed(0)
    student = STUDENT.build(max(VOCABULARY_SIZE, highest + 1), 2)
    options = {"epochs": 1, "batch_size": batch_size, "objective": objective}
    two = Examples(examples.tokens[:2], examples.labels[:2])
    history = train(
        student, examples, two, learning_rate=STUDENT.learning_rate, **options
    )
    return history.epochs[0].seconds
