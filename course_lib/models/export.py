"""A student for other programs: ONNX, and the way back into this one."""

import warnings
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn

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


def is_onnx(path: Path) -> bool:
    """Whether a file is a model in ONNX, and not somebody's data."""
    import onnx

    try:
        return bool(onnx.load(path, load_external_data=False).graph.node)
    except Exception:  # protobuf's errors are many
        return False
