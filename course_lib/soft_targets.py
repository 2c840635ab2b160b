"""What a model says about a whole split: logits, in the order of the split.

The teacher's are the soft targets. The student's, made by the same function, are what
the metrics read.
"""

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from course_lib.batches import Examples


def predict_logits(
    model: nn.Module,
    examples: Examples,
    *,
    device: torch.device,
    batch_size: int = 256,
    progress: str | None = None,
) -> Tensor:
    """Return the model's logits, (reviews, labels) float32 on the CPU, in split order.

    The model is read in eval mode, since dropout noise in a soft target is noise that
    the student then learns, and is left in the mode it came in. Row i belongs to review
    i however the reviews were batched. `progress` names a progress bar.
    """
    was_training = model.training
    model.eval()
    rows: Tensor | None = None
    bar = tqdm(
        total=len(examples), desc=progress, unit=" reviews", disable=progress is None
    )
    try:
        with bar, torch.inference_mode():
            for batch in examples.ordered_batches(batch_size):
                logits = model(batch.tokens.to(device), batch.lengths)
                if rows is None:
                    rows = torch.empty(len(examples), logits.shape[1], device=device)
                rows[batch.index.to(device)] = logits.float()
                bar.update(len(batch.index))
    finally:
        model.train(was_training)
    assert rows is not None  # Examples are never empty
    return rows.cpu().clone()
