import numpy as np
import pytest
import torch

from course_lib.batches import Examples
from course_lib.models import (
    STUDENTS,
    TEACHERS,
    GRUClassifier,
    LSTMClassifier,
    OnnxModel,
    export_onnx,
    quantise,
)
from course_lib.models.export import operators, quantise_onnx

pytest.importorskip("onnx", reason="an optional extra")
onnxruntime = pytest.importorskip("onnxruntime", reason="an optional extra")


def make(recipe):
    torch.manual_seed(0)
    return recipe.build(60, 3).eval()


EXPORTED = {name: make(recipe) for name, recipe in STUDENTS.items()}
EXPORTED |= {
    "LSTM teacher": make(TEACHERS["lstm"]),
    "two layers": LSTMClassifier(60, 3, 5, 6, num_layers=2).eval(),
    "one direction": GRUClassifier(60, 3, 5, 6, bidirectional=False).eval(),
    "INT8": quantise(make(STUDENTS["lstm-factorised"])),
}


@pytest.mark.parametrize("name", EXPORTED)
def test_onnx_gives_the_same_logits_for_batches_and_reviews_of_any_size(name, tmp_path):
    model = EXPORTED[name]
    export_onnx(model, tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    for numbers, width in (([1], 1), ([4, 1, 6], 6), ([30, 40, 2, 5, 9, 9, 9], 55)):
        torch.manual_seed(0)
        words, lengths = torch.randint(2, 60, (len(numbers), width)), np.array(numbers)
        inputs = {"tokens": words.numpy(), "lengths": lengths}
        (logits,) = session.run(["logits"], inputs)
        with torch.no_grad():
            expected = model(words, torch.from_numpy(lengths)).numpy()
        np.testing.assert_allclose(logits, expected, atol=1e-5, rtol=0)


def test_the_model_stays_in_train_mode_and_the_file_has_no_dropout(tmp_path):
    model = make(STUDENTS["lstm"]).train()
    path = tmp_path / "model.onnx"
    export_onnx(model, path)
    assert model.training
    inputs = {"tokens": np.full((1, 5), 3), "lengths": np.array([5])}
    session = onnxruntime.InferenceSession(path)
    (logits,) = session.run(None, inputs)
    expected = model.eval()(*map(torch.from_numpy, inputs.values()))
    np.testing.assert_allclose(logits, expected.detach().numpy(), atol=1e-5, rtol=0)


def test_a_failed_export_leaves_nothing_behind(tmp_path):
    class Broken(torch.nn.Module):
        def forward(self, tokens, lengths):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        export_onnx(Broken(), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def calibration(count=20):
    torch.manual_seed(3)
    reviews = [torch.randint(2, 60, (n % 7 + 1,)).numpy() for n in range(count)]
    return list(Examples(reviews).ordered_batches(4))


@pytest.mark.parametrize("way", ["dynamic", "static"])
def test_in_eight_bits_the_file_is_smaller_and_says_nearly_the_same(way, tmp_path):
    model = LSTMClassifier(3_000, 3, 16, 8).eval()
    whole, small = tmp_path / "model.onnx", tmp_path / "small.onnx"
    export_onnx(model, whole)
    quantise_onnx(whole, small, calibration() if way == "static" else None)
    assert {path.name for path in tmp_path.iterdir()} == {"model.onnx", "small.onnx"}
    assert small.stat().st_size < whole.stat().st_size / 2
    tokens, lengths = torch.randint(2, 3_000, (20, 9)), torch.full((20,), 9)
    with torch.no_grad():
        expected = model(tokens, lengths)
    moved = (OnnxModel(small)(tokens, lengths) - expected).abs()
    assert moved.max() > 0 and moved.mean() < 0.1 * expected.std()


def test_only_the_dynamic_one_has_an_lstm_in_eight_bits(tmp_path):
    whole, dynamic, static = (tmp_path / f"{name}.onnx" for name in "wds")
    export_onnx(LSTMClassifier(60, 3, 5, 6).eval(), whole)
    quantise_onnx(whole, dynamic)
    quantise_onnx(whole, static, calibration())
    assert "DynamicQuantizeLSTM" in operators(dynamic) - operators(whole)
    assert "LSTM" in operators(static) & operators(whole)


def test_what_is_no_onnx_is_not_quantised(tmp_path):
    (tmp_path / "model.onnx").write_text("not one", encoding="utf-8")
    with pytest.raises(ValueError, match="is no ONNX file"):
        quantise_onnx(tmp_path / "model.onnx", tmp_path / "small.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
