"""Two processes on the CPU (gloo) do together what one does."""

import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.commands

SCRIPT = """
import sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from course_lib.devices import accelerator, new_accelerator
from course_lib.losses import DistillationLoss
from course_lib.soft_target_cache import make_once
from course_lib.soft_target_files import text_digests
from course_lib.soft_targets import predict_logits
from course_lib.training import Distillation, train
from tests.tasks import make_model, make_task

folder, hub = Path(sys.argv[1]), accelerator()
kept = {"processes": torch.tensor(hub.num_processes)}
teacher = make_model(seed=1)
for count in (1, 2, 5, 70):  # one review for two processes, and uneven shares
    kept[f"logits {count}"] = predict_logits(teacher, make_task(count), batch_size=4)
parallel = new_accelerator().prepare(teacher)  # as training wraps it
kept["logits 9"] = predict_logits(parallel, make_task(9), batch_size=4)
task = make_task(70)
texts = [str(tokens) for tokens in task.tokens]

def ask(place, model=teacher):
    said = make_once(model, task, texts, ("no", "yes"), name="t", tokenizer="t",
                     max_tokens=8, folder=folder / place)
    return said.logits_for(texts, ("no", "yes"))

kept["soft targets"] = ask("soft-targets")
kept["read again"] = ask("soft-targets", parallel)
for place in ("damaged", "a file"):
    kept[f"refused {place}"] = torch.tensor(0)
    if hub.is_main_process and place == "damaged":
        ready, = (folder / "soft-targets").glob("*.safetensors")
        (folder / place).mkdir()
        (folder / place / ready.name).write_bytes(ready.read_bytes()[:-1])
    if hub.is_main_process and place == "a file":
        (folder / place).write_text("already here")
    try:
        ask(place)
    except ValueError as error:
        kept[f"refused {place}"] += place in str(error)

def run(name, task, loss, multilabel):
    model = make_model(dropout=0.0)
    history = train(
        model, task, make_task(33, 1, multilabel), epochs=2, batch_size=17,
        learning_rate=1e-2, objective=loss and Distillation(loss),
        checkpoint=folder / f"{name}.safetensors",
    )
    return model, history

# Seventeen to a batch: uneven shares, and one or two reviews in the last of all.
for name, task, loss, multilabel in (
    ("single", task.with_soft_targets(kept["soft targets"]),
     DistillationLoss(2.0, 0.7), False),
    ("multi", make_task(69, 0, True), None, True),
):
    model, history = run(name, task, loss, multilabel)
    kept |= {f"{name} {n}": w for n, w in model.state_dict().items()}
    kept[f"{name} losses"] = torch.tensor([e.train_loss for e in history.epochs])
    again, _ = run(name, task, loss, multilabel)  # reads the finished checkpoint
    for which, made in (("first", model), ("again", again)):
        vector = torch.nn.utils.parameters_to_vector(made.parameters())
        kept[f"{name} {which}"] = vector.detach()
kept = {name: value.contiguous() for name, value in kept.items()}
save_file(kept, folder / f"rank-{hub.process_index}.safetensors")
"""


def launch(count, folder):
    """Run the script in so many processes; return what each of them kept."""
    script = folder / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    start = [sys.executable]
    if count > 1:  # what `accelerate launch` starts on GPUs; it has no way for CPUs
        start += ["-m", "torch.distributed.run", "--standalone"]
        start += ["--nproc_per_node", str(count)]
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    done = subprocess.run(
        [*start, script, folder],
        env={
            **os.environ,
            "ACCELERATE_USE_CPU": "true",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": root,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ranks = sorted(folder.glob("rank-*.safetensors"))
    return [load_file(rank) for rank in ranks]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What one process kept, and what each of two did."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    (alone,), pair = launch(1, folders[0]), launch(2, folders[1])
    return alone, pair, folders


def test_there_were_two_processes(runs):
    alone, pair, _ = runs
    assert alone["processes"] == 1
    assert [rank["processes"].item() for rank in pair] == [2, 2]


def test_every_process_has_all_logits_in_the_order_of_the_split(runs):
    alone, pair, _ = runs
    for rank in pair:
        for count in (1, 2, 5, 9, 70):
            name = f"logits {count}"
            assert rank[name].shape == (count, 2)
            torch.testing.assert_close(rank[name], alone[name], atol=1e-6, rtol=0)


def test_soft_targets_are_complete_the_same_and_written_once(runs):
    alone, pair, folders = runs
    for rank in pair:
        torch.testing.assert_close(
            rank["soft targets"], alone["soft targets"], atol=2e-3, rtol=0
        )
        assert torch.equal(rank["read again"], rank["soft targets"])
    assert torch.equal(*(rank["soft targets"] for rank in pair))
    one, two = (
        [p.name for p in (folder / "soft-targets").glob("*.safetensors")]
        for folder in folders
    )
    assert len(one) == 1
    assert one == two  # the same content, so the same name


@pytest.mark.parametrize("place", ["damaged", "a file"])
def test_what_cannot_be_read_or_kept_is_refused_by_every_process(place, runs):
    alone, pair, _ = runs
    assert [rank[f"refused {place}"].item() for rank in (alone, *pair)] == [1, 1, 1]


@pytest.mark.parametrize("name", ["single", "multi"])
def test_two_processes_end_with_the_weights_of_one(name, runs):
    alone, pair, _ = runs
    for rank in pair:
        for key, expected in alone.items():
            if key.startswith(f"{name} ") and key.split()[1] not in ("first", "again"):
                torch.testing.assert_close(rank[key], expected, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["single", "multi"])
def test_every_process_goes_on_from_the_checkpoint(name, runs):
    for rank in runs[1]:
        assert torch.equal(rank[f"{name} again"], rank[f"{name} first"])
        assert torch.equal(rank[f"{name} first"], runs[1][0][f"{name} first"])
