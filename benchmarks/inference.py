"""How many reviews a second a student reads, and how many BERT-base does."""

from collections.abc import Sequence

import torch
from torch import nn

from benchmarks.bert import examples_for_bert
from benchmarks.sample import VOCABULARY_SIZE, Sample, shape_of
from benchmarks.timing import in_turn, spread, versus
from course_lib.batches import Examples
from course_lib.models import STUDENTS, count_parameters
from course_lib.records import Record
from course_lib.soft_targets import predict_logits


def student_vs_bert_base(
    sample: Sample,
    *,
    repeats: int,
    bert: nn.Module,
    student: str = "lstm",
    max_tokens: int = 256,
    copies: int = 32,
    batch_sizes: tuple[Sequence[int], Sequence[int]] = ((32, 128, 512), (1, 4, 16)),
) -> Record:
    """Read the same reviews with a student and with BERT-base, each as it likes best.

    Both read reviews sorted by length, and each has the batch size that suits it, found
    in a first round that does not count. The student is given every review many times
    over, since a few are gone before a clock can tell.
    """
    torch.manual_seed(0)
    words = sample.examples(max_tokens)
    many = Examples(list(words.tokens) * copies, words.labels.repeat(copies))
    numbered, units = examples_for_bert(sample, max_tokens)
    small = STUDENTS[student].build(VOCABULARY_SIZE, 2)
    readers = {"ours": (small, many), "theirs": (bert, numbered)}

    tried: dict[str, dict[str, float]] = {}
    for (name, reader), sizes in zip(readers.items(), batch_sizes, strict=True):
        jobs = {
            str(size): lambda r=reader, s=size: predict_logits(*r, batch_size=s)
            for size in sizes
        }
        found = in_turn(jobs, 1)
        count = len(reader[1])
        tried[name] = {size: round(count / s[0], 2) for size, s in found.items()}
    best = {
        name: int(max(rates, key=rates.__getitem__)) for name, rates in tried.items()
    }

    seconds = in_turn(
        {
            name: lambda r=reader, s=best[name]: predict_logits(*r, batch_size=s)
            for name, reader in readers.items()
        },
        repeats,
    )
    rates = {
        name: [len(readers[name][1]) / s for s in found]
        for name, found in seconds.items()
    }
    per_review = {name: [1 / rate for rate in found] for name, found in rates.items()}
    return {
        **versus(per_review["ours"], per_review["theirs"]),
        "ours": f"the {student} student, float32",
        "theirs": "BERT-base from its configuration, float32",
        "parameters": {
            "ours": count_parameters(small),
            "theirs": count_parameters(bert),
        },
        "reviews_per_second": {name: spread(found) for name, found in rates.items()},
        "batch_size": best,
        "batch_sizes_tried": tried,
        "times_each_review": {"ours": copies, "theirs": 1},
        "student_reads": {"units": "words", **shape_of(words)},
        "bert_reads": {"units": units, **shape_of(numbered)},
    }
