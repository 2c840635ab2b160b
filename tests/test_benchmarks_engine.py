"""The benchmarks of the engine: both sides do the same work; what is written."""

import importlib
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_lib import records
from course_lib.losses import DistillationLoss
from course_lib.soft_targets import predict_logits
from course_lib.training import Distillation, train
from tests.tasks import make_model, make_task

pytestmark = pytest.mark.commands

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    "bert",
    "engine",
    "gpu",
    "online",
    "peers.compare",
    "peers.job",
    "sample",
    "sizes",
    "timing",
    "training_speed",
)
RECORD = ROOT / "book" / "records" / "bench.json"


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The modules, imported from the folder that they lie in."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # the engine sets it: put it back
    return SimpleNamespace(
        **{
            name.rpartition(".")[2]: importlib.import_module(f"benchmarks.{name}")
            for name in MODULES
        }
    )


def test_jobs_take_turns(benchmarks: SimpleNamespace) -> None:
    order: list[str] = []
    jobs = {name: lambda n=name: order.append(n) for name in "ab"}
    seconds = benchmarks.timing.in_turn(jobs, repeats=3)
    assert order == list("ababab")
    assert [len(found) for found in seconds.values()] == [3, 3]


def test_a_ratio_is_that_of_the_medians(benchmarks: SimpleNamespace) -> None:
    found = benchmarks.timing.versus(ours=[1.0, 2.0, 9.0], theirs=[6.0, 4.0, 9.0])
    assert found["ratio"] == 3.0
    assert found["ratio_of_rounds"] == [1.0, 6.0]
    assert found["seconds"]["theirs"] == {"median": 6.0, "min": 4.0, "max": 9.0}


def test_the_packed_lstm_is_the_same_network(benchmarks: SimpleNamespace) -> None:
    torch.manual_seed(0)
    packed = benchmarks.training_speed.PackedLSTM(12, 2, 8, 8).eval()
    ours = make_model(dropout=0.0).eval()
    state = {
        name.replace("forwards.0.", "lstm.").replace("backwards.0.", "lstm."): weight
        for name, weight in ours.state_dict().items()
        if "backwards" not in name
    }
    state |= {
        name.replace("backwards.0.", "lstm.") + "_reverse": weight
        for name, weight in ours.state_dict().items()
        if "backwards" in name
    }
    packed.load_state_dict(state)
    batch = make_task(20).collate(np.arange(20))
    with torch.no_grad():
        expected = packed(batch.tokens, batch.lengths)
        torch.testing.assert_close(ours(batch.tokens, batch.lengths), expected)


def test_an_online_teacher_teaches_what_a_cached_one_does(
    benchmarks: SimpleNamespace,
) -> None:
    task, teacher = make_task(), make_model(seed=1, dropout=0.5)
    loss = DistillationLoss(temperature=2.0, alpha=0.5)
    online = benchmarks.online.OnlineTeacher(teacher, loss)
    students = []
    for objective, examples in (
        (Distillation(loss), task.with_soft_targets(predict_logits(teacher, task))),
        (online, task),
    ):
        student = make_model(dropout=0.0)
        options = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-2}
        train(student, examples, task, objective=objective, **options)
        students.append(torch.nn.utils.parameters_to_vector(student.parameters()))
    torch.testing.assert_close(*students, rtol=1e-4, atol=1e-5)


def test_random_batches_hold_every_review_and_more_padding(
    benchmarks: SimpleNamespace,
) -> None:
    task = make_task(100)
    random = benchmarks.sample.RandomBatches(task.tokens, task.labels)
    order = random.batch_order(16, seed=0, epoch=0)
    assert sorted(np.concatenate(order)) == list(range(100))
    shares = [benchmarks.sample.padding_share(e, 16) for e in (task, random)]
    assert shares[0] < shares[1]
    batches = list(random.shuffled_batches(16, 0, 0))
    padding = sum(int((batch.tokens == 0).sum()) for batch in batches)
    assert shares[1] == round(padding / sum(b.tokens.numel() for b in batches), 4)


@pytest.mark.parametrize("like_for_like", [False, True])
def test_every_library_is_given_the_same_reviews(
    benchmarks: SimpleNamespace, like_for_like: bool
) -> None:
    task = make_task(50)
    job = benchmarks.job.Job(make_model(), task, 2, 16, 1e-2, like_for_like)
    loader = job.loader()
    epochs = [list(loader) for _ in range(job.epochs)]
    assert sum(map(len, epochs)) == job.steps == 8
    for batches in epochs:
        assert sum(int(batch["labels"].sum()) for batch in batches) == task.labels.sum()
        assert sum(len(batch["labels"]) for batch in batches) == len(task)
    if like_for_like:
        for epoch, batches in enumerate(epochs):
            expected = list(task.shuffled_batches(16, 0, epoch))
            for batch, wanted in zip(batches, expected, strict=True):
                assert torch.equal(batch["tokens"], wanted.tokens)


def test_the_work_of_bert_is_counted_as_torch_counts_it(
    benchmarks: SimpleNamespace,
) -> None:
    bert = benchmarks.bert.bert_base(
        num_hidden_layers=2,
        hidden_size=16,
        num_attention_heads=2,
        intermediate_size=24,
        vocab_size=30,
        attn_implementation="eager",
    ).train()
    tokens = torch.randint(1, 30, (3, 7))
    with FlopCounterMode(display=False) as counter:
        bert(tokens, torch.full((3,), 7)).sum().backward()
    assert benchmarks.gpu.training_flops(bert, 3, 7) == pytest.approx(
        counter.get_total_flops(), rel=0.01
    )


def test_what_a_gpu_is_asked_to_do_also_runs_on_a_cpu(
    benchmarks: SimpleNamespace,
) -> None:
    few = {"epochs": 2, "batch_size": 16}
    lstm = benchmarks.gpu.lstm_epoch(reviews=48, **few)
    assert lstm["reviews"] == 48 and lstm["seconds"]["min"] > 0
    bert = benchmarks.bert.bert_base(**benchmarks.sizes.SIZES["tiny"].bert)
    found = benchmarks.gpu.bert_share(
        bert, reviews=32, tokens=8, matrix_size=256, **few
    )
    assert 0 < found["share_of_matrix_rate"]["median"] < 1
    flops = 2 * benchmarks.gpu.training_flops(bert, 16, 8)
    assert found["operations_per_second"]["max"] == pytest.approx(
        flops / found["seconds"]["min"], rel=1e-2
    )


def test_a_tiny_run_makes_a_whole_record(
    benchmarks: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tiny = replace(benchmarks.sizes.SIZES["tiny"], repeats=1, peer_epochs=3)
    monkeypatch.setitem(benchmarks.sizes.SIZES, "tiny", tiny)

    # In this process, since to start another takes longer than all the rest.
    def compare(_module: str, _python: object, size: str) -> dict:
        sample = benchmarks.sample.load_sample(tiny.peer_reviews)
        return benchmarks.compare.compare(sample, benchmarks.sizes.SIZES[size])

    monkeypatch.setattr(benchmarks.engine, "in_process", compare)
    monkeypatch.setattr(benchmarks.engine, "PEERS", tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    record = benchmarks.engine.measure("tiny", say=lambda _: None)
    json.dumps(record, allow_nan=False)
    check(record, benchmarks.engine.AIMS)
    path = tmp_path / "bench.json"
    records.write(path, record)
    records.check_writable(path)  # by the next run
    assert record["aims"] is None  # nothing is claimed from the embedded reviews
    assert "engine_vs_trainer" in record["ratios"]
    assert record["gpu"] is None and "CUDA" in record["no_gpu"]


@pytest.mark.skipif(not RECORD.exists(), reason="no one has run make bench yet")
def test_the_record_in_the_book_is_whole(benchmarks: SimpleNamespace) -> None:
    record = json.loads(RECORD.read_text("utf-8"))
    check(record, benchmarks.engine.AIMS)
    records.check_writable(RECORD)
    assert record["scale"] == "full" and record["repeats"] >= 3


def check(record: dict, aims: dict[str, float]) -> None:
    """Every comparison is there or missing for a reason, and its ratio adds up."""
    assert set(record["ratios"]) | set(record["missing"]) == set(aims)
    assert record["ratios"].keys().isdisjoint(record["missing"])
    assert record["threads"] == 1 and record["versions"]["torch"]
    for name, ratio in record["ratios"].items():
        entry = record["comparisons"][name]
        medians = {side: s["median"] for side, s in entry["seconds"].items()}
        assert ratio == entry["ratio"] > 0
        assert ratio == pytest.approx(medians["theirs"] / medians["ours"], rel=1e-2)
        for seconds in entry["seconds"].values():
            assert 0 < seconds["min"] <= seconds["median"] <= seconds["max"]
