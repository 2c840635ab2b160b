"""A teacher that shows what is inside, and is asked no more often than needed."""

import torch
from torch import Tensor, nn

from course_lib.batches import Batch
from course_lib.soft_targets import in_eval_mode

STATES, ATTENTION = "with_states", "with_attention"
#: What a model's call may be asked for, in words, and who gives it.
SHOWN_BY = {
    STATES: (
        "hidden states",
        "an LSTMClassifier, a GRUClassifier or a BertClassifier",
    ),
    ATTENTION: ("attention", "a BertClassifier"),
}


class TeacherInside(nn.Module):
    """A teacher that shows its hidden states, in eval mode and without gradients.

    `remember` keeps its states of a text, found again by the text's own tokens: for
    each it is then asked once, in all epochs and by all students that share this
    object. That takes a width of floats a token and layer, on the CPU; a GPU asks
    faster than it remembers. Raises `ValueError` for a model that shows no states.

    >>> from course_lib.models import LSTMClassifier
    >>> teacher = TeacherInside(LSTMClassifier(10, 2, embedding_size=4, hidden_size=3))
    >>> teacher.widths
    (6,)
    """

    def __init__(self, teacher: nn.Module, remember: bool = False) -> None:
        super().__init__()
        self.widths = widths_of(teacher, "teacher")
        self.teacher = teacher.requires_grad_(False)
        self.remember = remember
        self.known: dict[bytes, tuple[Tensor, ...]] = {}
        self.eval()

    def train(self, mode: bool = True) -> "TeacherInside":
        """Stay in eval mode: a teacher's dropout has nothing to teach."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, batch: Batch, ask: str = STATES) -> tuple[Tensor, ...]:
        """Return each layer's (batch, tokens, width) states, lowest first.

        Or what else the model gives when it is asked so; that is not remembered.
        """
        if not self.remember or ask != STATES:
            shown = self.teacher(batch.tokens, batch.lengths, **{ask: True})[1:]
            return tuple(layer.float() for layer in shown)
        lengths, tokens = batch.lengths.tolist(), batch.tokens.cpu().numpy()
        keys = [row[:n].tobytes() for row, n in zip(tokens, lengths, strict=True)]
        if not all(key in self.known for key in keys):
            given = self.teacher(batch.tokens, batch.lengths, with_states=True)[1:]
            states = [layer.float() for layer in given]
            for i, (key, n) in enumerate(zip(keys, lengths, strict=True)):
                self.known[key] = tuple(layer[i, :n].clone() for layer in states)
        each = zip(*(self.known[key] for key in keys), strict=True)
        return tuple(nn.utils.rnn.pad_sequence(list(x), batch_first=True) for x in each)


def widths_of(model: nn.Module, name: str, ask: str = STATES) -> tuple[int, ...]:
    """Return how wide the states of each layer are, lowest first, or how many heads.

    Raises `ValueError` for a model that shows none.
    """
    device = next(model.parameters()).device
    tokens = torch.ones(1, 1, dtype=torch.int64, device=device)  # an unknown word
    try:
        with in_eval_mode(model):
            _, *shown = model(tokens, tokens[:, 0], **{ask: True})
    except TypeError as error:
        what, give = SHOWN_BY[ask]
        raise ValueError(
            f"the {name} is a {type(model).__name__}, which shows no {what}: "
            f"give {give}"
        ) from error
    return tuple(layer.numel() for layer in shown)  # of one text, of one token
