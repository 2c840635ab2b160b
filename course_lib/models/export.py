"""A student for other programs: ONNX, and the way back into this one."""

import logging
import warnings
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.batches import Batch
from course_lib.files import whole_file


def export_onnx(model: nn.Module, path: str | Path) -> None:
    """Write a student as ONNX, for batches and reviews of any size.

    Inputs are `tokens` (batch, tokens) int64 and `lengths` (batch,) int64, the output
    is `logits` (batch, labels) float32. For models that read words. It needs the
    package onnx: `pip install "course-lib[export]"`.

    The model is traced (`dynamo=False`). PyTorch's newer exporter (`dynamo=True`, torch
    2.13) cannot do it: what an LSTM or GRU gives has a number of tokens that it takes
    for a new unknown, and putting both directions side by side then fixes the number to
    that of the example.

    >>> from course_lib.models.bag import BagOfEmbeddings
    >>> folder = getfixture("tmp_path")  # a path, as of a folder of your own
    >>> export_onnx(BagOfEmbeddings(10, 2, 4), folder / "model.onnx")
    >>> tokens, lengths = torch.tensor([[5, 2, 0]]), torch.tensor([2])
    >>> OnnxModel(folder / "model.onnx")(tokens, lengths).shape
    torch.Size([1, 2])
    """
    tokens, lengths = torch.ones(2, 7, dtype=torch.int64), torch.tensor([7, 4])
    with whole_file(path, is_onnx) as unfinished, warnings.catch_warnings():
        # They say that tracing is old, and that an LSTM's batch size might be fixed
        # (only where an initial state is given).
        warnings.simplefilter("ignore")
        torch.onnx.export(
            deepcopy(model).cpu().eval(),
            (tokens, lengths),
            str(unfinished),
            input_names=["tokens", "lengths"],
            output_names=["logits"],
            dynamic_axes={
                "tokens": {0: "batch", 1: "tokens"},
                "lengths": {0: "batch"},
                "logits": {0: "batch"},
            },
            dynamo=False,
        )


class OnnxModel(nn.Module):
    """A model read from an ONNX file, called like any other; it cannot be trained.

    It needs the package onnxruntime: `pip install "course-lib[export]"`.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        import onnxruntime

        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(
                f"there is no {path}: `python -m course_lib export {path.parent}` "
                "writes it"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()  # its own default: all
        self.session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels) logits for (batch, tokens) and (batch,)."""
        given = {"tokens": tokens.cpu().numpy(), "lengths": lengths.cpu().numpy()}
        (logits,) = self.session.run(["logits"], given)
        return torch.from_numpy(logits).to(tokens.device)


def quantise_onnx(
    source: str | Path, path: str | Path, examples: Iterable[Batch] | None = None
) -> None:
    """Write an ONNX file of which ONNX Runtime has put weights into eight bits.

    Without `examples`, dynamically: what goes into a layer is rounded as it comes, by a
    scale of its own. With some, statically: their largest inputs decide all scales, in
    advance. Which layers have an INT8 form is ONNX Runtime's choice: see `operators`.
    Needs the packages onnx and onnxruntime: `pip install "course-lib[export]"`.

    >>> from course_lib.models.recurrent import LSTMClassifier
    >>> folder = getfixture("tmp_path")  # a path, as of a folder of your own
    >>> export_onnx(LSTMClassifier(10, 2, 4, 4), folder / "model.onnx")
    >>> quantise_onnx(folder / "model.onnx", folder / "small.onnx")
    >>> "DynamicQuantizeLSTM" in operators(folder / "small.onnx")
    True
    """
    from onnxruntime import quantization

    if not is_onnx(Path(source)):
        raise ValueError(f"{source} is no ONNX file: `export_onnx` writes one")
    weights = {"weight_type": quantization.QuantType.QInt8}

    class Inputs(quantization.CalibrationDataReader):
        def __init__(self, batches: Iterable[Batch]) -> None:
            self.batches = iter(batches)

        def get_next(self) -> dict[str, Any] | None:
            batch = next(self.batches, None)
            if batch is None:
                return None
            return {"tokens": batch.tokens.numpy(), "lengths": batch.lengths.numpy()}

    logger = logging.getLogger()
    with whole_file(path, is_onnx) as unfinished, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is always zero in the examples
        level = logger.level
        logger.setLevel(logging.ERROR)  # it recommends a step for other models
        try:
            if examples is None:
                quantization.quantize_dynamic(source, unfinished, **weights)
            else:
                inputs = Inputs(examples)
                quantization.quantize_static(source, unfinished, inputs, **weights)
        finally:
            logger.setLevel(level)


def operators(path: str | Path) -> set[str]:
    """Return which kinds of operators an ONNX file has.

    >>> from course_lib.models.recurrent import LSTMClassifier
    >>> export_onnx(LSTMClassifier(10, 2, 4, 4), getfixture("tmp_path") / "model.onnx")
    >>> sorted(k for k in operators(getfixture("tmp_path") / "model.onnx") if "L" in k)
    ['LSTM', 'LessOrEqual']
    """
    import onnx

    return {node.op_type for node in onnx.load(str(path)).graph.node}


def is_onnx(path: Path) -> bool:
    """Whether a file is a model in ONNX, and not somebody's data."""
    import onnx

    try:
        return bool(onnx.load(path, load_external_data=False).graph.node)
    except Exception:  # protobuf's errors are many
        return False
