"""Writers: small GPTs that say at each place which word is next, and write answers."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.sequences import END, left_padded
from course_lib.text import PADDING


class Writer(nn.Module):
    """A GPT-2 of `transformers`, with sizes of our own and weights made at random.

    The weights begin larger than GPT-2's, which are made for models a hundred times as
    wide. There is no dropout.

    >>> writer = Writer(num_words=9, width=8, num_layers=1, heads=2)
    >>> writer(torch.tensor([[5, 2], [2, 0]]), torch.tensor([2, 1])).shape
    torch.Size([2, 2, 9])
    """

    def __init__(
        self,
        num_words: int,
        width: int,
        num_layers: int,
        heads: int = 2,
        longest: int = 64,
    ) -> None:
        super().__init__()
        from transformers import GPT2Config, GPT2LMHeadModel

        self.longest = longest
        config = GPT2Config(
            vocab_size=num_words,
            n_positions=longest,
            n_embd=width,
            n_layer=num_layers,
            n_head=heads,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            initializer_range=0.1,
            bos_token_id=END,
            eos_token_id=END,
            pad_token_id=PADDING,
        )
        self.gpt: Any = GPT2LMHeadModel(config)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, tokens, words) logits for (batch, tokens) and (batch,).

        A place sees itself and what is before it, so padding behind a text is seen by
        none of its places.
        """
        places = torch.arange(tokens.shape[1], device=tokens.device)
        mask = (places < lengths.unsqueeze(1)).long()
        given = self.gpt(tokens, attention_mask=mask, use_cache=False)
        logits: Tensor = given.logits
        return logits

    def write(
        self, prompts: Sequence[Sequence[int]], most: int, sample: bool = False
    ) -> list[list[int]]:
        """Return an answer for each prompt: up to its end, or `most` words without one.

        The likeliest word at each place; or, with `sample`, one drawn from all words.
        No gradient comes of it.

        >>> writer = Writer(num_words=9, width=8, num_layers=1, heads=2)
        >>> len(writer.write([[5, 4, 2], [3, 2]], most=3))
        2
        """
        tokens, mask = left_padded(prompts)
        if tokens.shape[1] + most > self.longest:
            raise ValueError(
                f"a prompt of {tokens.shape[1]} and {most} more are "
                f"{tokens.shape[1] + most} places; this writer has {self.longest}"
            )
        device, was_training = next(self.parameters()).device, self.training
        self.eval()
        # transformers draws from the fifty likeliest words unless told otherwise.
        how: dict[str, Any] = {"top_k": 0, "top_p": 1.0} if sample else {}
        with torch.no_grad():
            made = self.gpt.generate(
                tokens.to(device),
                attention_mask=mask.to(device),
                max_new_tokens=most,
                do_sample=sample,
                **how,
            )
        self.train(was_training)
        return [up_to_end(row) for row in made[:, tokens.shape[1] :].tolist()]


def up_to_end(numbers: Sequence[int]) -> list[int]:
    """Return numbers up to their first end, and all if there is none.

    >>> up_to_end([5, 4, END, 0, 0]), up_to_end([5, 4])
    ([5, 4, 1], [5, 4])
    """
    row = list(numbers)
    return row[: row.index(END) + 1] if END in row else row
