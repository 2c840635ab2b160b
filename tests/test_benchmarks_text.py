"""From text to verdict: every reader does the whole work, whatever it is timed for."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # the module sets them: put them back
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    return importlib.import_module("benchmarks.text_to_verdict")


def test_every_reader_gives_each_text_a_verdict(benchmark, tmp_path):
    sample = benchmark.load_sample(12)
    readers = benchmark.students(sample, tmp_path)
    assert {"bag student", "lstm student, ONNX"} <= readers.keys()
    for name in ("bag", "lstm"):
        said = readers[f"{name} student"](sample.texts)
        assert len(said) == 12
        assert readers[f"{name} student, ONNX"](sample.texts) == said
    for reader in benchmark.linear(sample).values():
        assert list(reader(sample.texts)) == sample.labels.tolist()  # it has seen them


def test_every_model_of_the_gallery_has_a_clock(benchmark, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    gallery = importlib.import_module("gallery")
    sample = benchmark.load_sample(12)
    timed = {**benchmark.students(sample, tmp_path), **benchmark.linear(sample)}
    asked = {clock for *_, clock in gallery.GALLERY}
    assert asked <= {*timed, *benchmark.PIECES}
