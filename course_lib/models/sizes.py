"""How big a model is, also one that does not exist yet."""

import json

from torch import nn

#: As safetensors calls them.
DTYPES = {
    "torch.float64": "F64",
    "torch.int64": "I64",
    "torch.float32": "F32",
    "torch.int32": "I32",
    "torch.float16": "F16",
    "torch.bfloat16": "BF16",
    "torch.int8": "I8",
    "torch.uint8": "U8",
    "torch.bool": "BOOL",
}


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers a model has learnt, whether they are frozen now or not.

    The rows and scales of a `QuantisedEmbedding` are buffers and do not count.

    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    return sum(p.numel() for p in model.parameters())


def file_bytes(model: nn.Module) -> int:
    """Return how many bytes the model takes as a safetensors file.

    Nothing is written or copied, so the model may be on the meta device. The file is
    eight bytes, a header in JSON that says where each tensor lies, filled up with
    blanks to a multiple of eight, and the tensors, the widest numbers first.

    >>> file_bytes(nn.Linear(3, 2))
    160
    """
    tensors = sorted(
        model.state_dict().items(), key=lambda item: (-item[1].itemsize, item[0])
    )
    header, end = {}, 0
    for name, tensor in tensors:
        start, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": DTYPES[str(tensor.dtype)],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    length = len(json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode())
    return 8 + -(-length // 8) * 8 + end
