"""BERT and its family, behind the same call as every other model of the course."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from course_lib.models.pooling import is_padding, last_token, masked_mean
from course_lib.models.pretrained import load, most_tokens, shorten, vectors
from course_lib.text import PADDING

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class BertClassifier(nn.Module):
    """A pre-trained encoder and its own kind of head: BERT, RoBERTa, DistilBERT, GPT-2.

    `pretrained` is a name on the Hugging Face hub or a folder. `trained_layers` says
    how much of the encoder is trained besides the head: all of it (None), its last so
    many layers, or nothing (0). The rest has no dropout, and gets no gradient: autograd
    keeps nothing of layers in which neither inputs nor weights want one.

    Raises `OSError` if no model can be loaded, and `ValueError` if it lacks weights or
    reads padding; `forward` does if a review has more tokens than there are positions.
    """

    def __init__(
        self, pretrained: str | Path, num_labels: int, trained_layers: int | None = None
    ) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.bert = load(pretrained, num_labels)
        self.most_tokens = most_tokens(self.bert)
        self.trained_layers = trained_layers
        if trained_layers is not None:
            count = len(find_layers(self.bert))
            if not 0 <= trained_layers <= count:
                raise ValueError(
                    f"trained_layers is {trained_layers}; this encoder has {count} "
                    "layers: give 0 to train the head alone, or None to train all"
                )
            self.bert.base_model.requires_grad_(False)
            for part in self.trained_parts(trained_layers):
                part.requires_grad_(True)
        check_padding(self, self.bert, pretrained)

    def trained_parts(self, count: int) -> list[nn.Module]:
        """Return the last `count` layers of the encoder and what BERT has on top."""
        if count == 0:
            return []
        pooler = getattr(self.bert.base_model, "pooler", None)
        return [*find_layers(self.bert)[-count:], *([pooler] if pooler else [])]

    def train(self, mode: bool = True) -> "BertClassifier":
        """Turn dropout on or off, but never on in what is frozen."""
        super().train(mode)
        if self.trained_layers is not None:
            self.bert.base_model.eval()
            for part in self.trained_parts(self.trained_layers):
                part.train(mode)
        return self

    def forward(
        self,
        tokens: Tensor,
        lengths: Tensor,
        with_states: bool = False,
        with_attention: bool = False,
    ) -> Any:
        """Return (batch, labels) logits for (batch, tokens) and (batch,).

        With `with_states`, return a tuple of them and of each layer's (batch, tokens,
        hidden) states, lowest first; `with_attention` adds each layer's attention,
        (batch, heads, tokens, tokens), whose rows sum to 1.
        """
        inputs: dict[str, Any] = {
            **inputs_for(self.bert, tokens, lengths, self.most_tokens),
            "output_hidden_states": with_states,
        }
        if with_attention:
            inputs["output_attentions"] = True
            if self.bert.config._attn_implementation != "eager":
                # The fused kernels never write these numbers down.
                self.bert.set_attn_implementation("eager")
        if not hasattr(self.bert, "score"):
            out = self.bert(**inputs)
            logits = out.logits
        else:
            # GPT-2 reads from left to right and gives its answer at the last token,
            # which transformers tells from padding by number. A review may hold it.
            out = self.bert.base_model(**inputs)
            last = last_token(out.last_hidden_state, inputs["attention_mask"])
            logits = self.bert.score(last)
        # The first of these are the embeddings, before any layer.
        shown = out.hidden_states[1:] if with_states else ()
        shown += out.attentions if with_attention else ()
        return (logits, *shown) if shown else logits


class MeanBertClassifier(nn.Module):
    """A linear layer on what a pre-trained encoder makes of the tokens, on average.

    Without fine-tuning, the mean over tokens says more about a text than BERT's first
    token does (Reimers and Gurevych 2019).
    """

    def __init__(self, pretrained: str | Path, num_labels: int) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.encoder = load(pretrained, num_labels).base_model
        if hasattr(self.encoder, "pooler"):
            self.encoder.pooler = None  # BERT's layer on the first token
        self.most_tokens = most_tokens(self.encoder)
        self.head = nn.Linear(self.encoder.config.hidden_size, num_labels)
        check_padding(self, self.encoder, pretrained)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels) logits for (batch, tokens) and (batch,)."""
        return self.head(self.features(tokens, lengths))

    def features(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, hidden) means."""
        inputs = inputs_for(self.encoder, tokens, lengths, self.most_tokens)
        states = self.encoder(**inputs).last_hidden_state  # (batch, tokens, hidden)
        return masked_mean(states, lengths)


class FrozenBertClassifier(MeanBertClassifier):
    """The same with an encoder that is never trained."""

    def __init__(self, pretrained: str | Path, num_labels: int) -> None:
        super().__init__(pretrained, num_labels)
        self.encoder.requires_grad_(False)

    def train(self, mode: bool = True) -> "FrozenBertClassifier":
        """Leave the encoder in eval mode: dropout has nothing to teach it."""
        super().train(mode)
        self.encoder.eval()
        return self

    def features(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, hidden) means, and keep nothing for a backward pass."""
        with torch.no_grad():
            return super().features(tokens, lengths)


def inputs_for(
    model: "PreTrainedModel", tokens: Tensor, lengths: Tensor, most: int | None = None
) -> dict[str, Tensor]:
    """Say where padding stands, and put the model's own number for it there.

    RoBERTa counts positions by that number, which is 1; it reads 0 as a first token.
    Raises `ValueError` if a review has more than `most` tokens.

    >>> from types import SimpleNamespace
    >>> roberta = SimpleNamespace(config=SimpleNamespace(pad_token_id=1))
    >>> tokens, lengths = torch.tensor([[5, 6], [7, 0]]), torch.tensor([2, 1])
    >>> inputs_for(roberta, tokens, lengths)["input_ids"].tolist()
    [[5, 6], [7, 1]]
    >>> inputs_for(roberta, tokens, lengths)["attention_mask"].tolist()
    [[1, 1], [1, 0]]
    """
    if most is not None and tokens.shape[1] > most:
        longest = int(lengths.max())
        if longest > most:
            raise ValueError(
                f"a review of {longest} tokens; this {model.config.model_type} has "
                f"positions for {most}: cut the texts, as encode_pieces does"
            )
        tokens = tokens[:, :longest]  # the rest is padding
    padding = is_padding(tokens.shape[1], lengths)
    number = getattr(model.config, "pad_token_id", None)
    if number is None or number < 0:  # GPT-2 and Llama have none
        number = PADDING
    filled = tokens.masked_fill(padding, number)
    return {"input_ids": filled, "attention_mask": (~padding).long()}


def check_padding(
    model: "BertClassifier | MeanBertClassifier",
    inside: "PreTrainedModel",
    pretrained: str | Path,
) -> None:
    """Raise `ValueError` if a model reads padding, or cannot be read as BERT is.

    XLNet answers at the last column, FNet and ConvBERT mix its neighbours into every
    token: a review's logits would change with the longest one in its batch.
    """
    if inside.device.type == "meta":  # no weights, no answers
        return
    kind = f"{pretrained} is a model of the family {inside.config.model_type}"
    take = "take a BERT, RoBERTa, DistilBERT, GPT-2, or another that masks padding"
    try:
        most = min(model.most_tokens or 6, 6)
        tokens = torch.arange(2 * most, device=inside.device).view(2, most)
        tokens %= vectors(inside)
        lengths = torch.tensor([most, (most + 1) // 2], device=inside.device)
        with torch.no_grad():
            padded = model(tokens, lengths)[1]
            alone = model(tokens[1:, : lengths[1]], lengths[1:])[0]
    except Exception as error:  # each family has its own
        raise ValueError(
            f"{kind}, which is not read as BERT is ({shorten(error)}): {take}"
        ) from error
    # Rounding moves it by millionths.
    if (padded - alone).abs().max() > 1e-3 * alone.abs().max():
        raise ValueError(f"{kind}, whose answer changes with padding: {take}")


def find_layers(model: "PreTrainedModel") -> nn.ModuleList:
    """Return the stack of layers of a pre-trained model, lowest first.

    >>> from transformers import BertConfig, BertModel
    >>> shape = {"num_attention_heads": 2, "intermediate_size": 4}
    >>> tiny = BertConfig(vocab_size=9, hidden_size=4, num_hidden_layers=3, **shape)
    >>> len(find_layers(BertModel(tiny)))
    3
    """
    count = model.config.num_hidden_layers
    for module in model.base_model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise ValueError(f"{type(model).__name__} has no list of its {count} layers")
