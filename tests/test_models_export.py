import numpy as np
import pytest
import torch

from course_lib.models import (
    STUDENTS,
    TEACHERS,
    GRUClassifier,
    LSTMClassifier,
    export_onnx,
    quantise,
)

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
