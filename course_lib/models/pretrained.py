"""Pre-trained models and their tokenizers, loaded, and what they can read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten as shorten_text
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

#: How transformers calls a model's table of positions.
POSITIONS = ("position_embeddings", "embed_positions", "positions_embed", "wpe")


def load(pretrained: str | Path, num_labels: int) -> Any:
    """Load a `PreTrainedModel` with a head for so many labels.

    On the meta device it is made from its configuration, and no weights are read. A
    head of another size is replaced by a new one. Raises `OSError` if there is no model
    of text to load, and `ValueError` if parts of it are missing, since a half-empty
    encoder would still train, badly.
    """
    # Here, since this takes seconds, and models that read words do without.
    from transformers import AutoConfig, AutoModelForSequenceClassification

    with silence(), told(f"no model can be loaded from {pretrained}"):
        # A cache of keys and values is for writing text; here text is only read.
        config = AutoConfig.from_pretrained(
            pretrained, num_labels=num_labels, use_cache=False, trust_remote_code=False
        )
        if torch.get_default_device().type == "meta":
            return AutoModelForSequenceClassification.from_config(config)
        model, report = AutoModelForSequenceClassification.from_pretrained(
            pretrained,
            config=config,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            trust_remote_code=False,
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


def load_tokenizer(pretrained: str | Path) -> tuple["PreTrainedTokenizerBase", int]:
    """Load a tokenizer; return it and how many tokens it and its model can take.

    The number is enormous where neither has a limit. Raises `OSError` if there is no
    tokenizer, and `ValueError` if it gives numbers that the model has no vector for.

    >>> from course_lib.models.finding import carried
    >>> if carried():  # the package that brings a small BERT is installed
    ...     tokenizer, most = load_tokenizer(carried())
    ...     assert tokenizer.tokenize("Unwatchable!") and most == 512
    """
    from transformers import AutoTokenizer

    with silence(), told(f"no tokenizer can be loaded from {pretrained}"):
        tokenizer = AutoTokenizer.from_pretrained(pretrained, trust_remote_code=False)
    special = set(tokenizer.all_special_ids)
    read = set(tokenizer.get_vocab().values()) - special
    if not read:  # what transformers makes of a folder without a tokenizer's files
        raise OSError(
            f"{pretrained} has no tokenizer, or one without a word: give a folder that "
            "holds the tokenizer of its model too, such as its tokenizer.json"
        )
    read.update(tokenizer("")["input_ids"])  # such as [CLS] and [SEP]
    with torch.device("meta"):
        model = load(pretrained, num_labels=1)
    if max(read) >= vectors(model):
        raise ValueError(
            f"the tokenizer in {pretrained} numbers tokens up to {max(read)}, and its "
            f"model has vectors for {vectors(model)}: they do not belong together"
        )
    limits = [tokenizer.model_max_length, most_tokens(model)]
    return tokenizer, min(limit for limit in limits if limit is not None)


def vectors(model: "PreTrainedModel") -> int:
    """Return how many tokens a model has a vector for; `ValueError` if it has none."""
    try:
        table: Any = model.get_input_embeddings()
        return table.weight.shape[0]
    except (AttributeError, NotImplementedError) as error:
        kind = model.config.model_type
        raise ValueError(f"a {kind} has no table with a vector a token") from error


def most_tokens(model: "PreTrainedModel") -> int | None:
    """Return how many tokens a model has positions for; None if it has no table.

    RoBERTa begins behind the number of its padding, so that the first two of its 514
    positions are never read.
    """
    module: Any
    for name, module in model.named_modules():
        if name.rpartition(".")[2] in POSITIONS:
            start = getattr(module, "padding_idx", None)
            own = module.weight.shape[0] - (0 if start is None else start + 1)
            # BART's table is longer than what it may read.
            return min(own, getattr(model.config, "max_position_embeddings", own))
    return None


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say in one line what transformers could not do, whatever it raised."""
    try:
        yield
    except Exception as error:  # a damaged folder breaks it in many ways
        raise OSError(f"{what}: {shorten(error)}") from error


def shorten(error: Exception) -> str:
    """Return the beginning of what an error says, on one line, or its type's name.

    >>> shorten(ValueError("no model type.\\n\\nTry one of: albert"))
    'no model type. Try one of: albert'
    """
    return shorten_text(str(error), 160, placeholder=" …") or type(error).__name__


@contextmanager
def silence() -> Iterator[None]:
    """Keep transformers from reporting on a page that the head is new.

    >>> from transformers.utils import logging
    >>> with silence():
    ...     logging.get_verbosity() == logging.ERROR
    True
    """
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
