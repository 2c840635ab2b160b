"""How big a model is."""

import torch
from safetensors.torch import save
from torch import nn


def count_parameters(model: nn.Module) -> int:
    """Return how many parameters a model has, learnt or frozen.

    The marks of an `NgramTable` are among them: they are chosen, kept and counted.

    The rows and scales of a `QuantisedEmbedding` are buffers and do not count.

    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    return sum(p.numel() for p in model.parameters())


def file_bytes(model: nn.Module) -> int:
    """Return how many bytes the model takes as a safetensors file.

    Nothing is written; for a moment it takes the memory of two such files.

    >>> file_bytes(nn.Linear(3, 2))
    160
    """
    weights = model.state_dict()
    # On the CPU, and in a row: as a file has them.
    alike = {k: torch.empty(w.shape, dtype=w.dtype) for k, w in weights.items()}
    return len(save(alike))
