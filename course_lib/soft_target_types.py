"""Soft targets of one's own making, or from a file: is each part what it should be?"""

import json
from typing import Any

import torch
from torch import Tensor


def check_types(logits: Any, texts: Any, label_names: Any, teacher: Any) -> None:
    """Raise `ValueError` if a part is not of its type; shapes are not looked at.

    >>> check_types(torch.zeros(1, 1), torch.tensor([7]), ("good",), {"name": "an LLM"})
    """
    for name, part in {"logits": logits, "texts": texts}.items():
        if not isinstance(part, Tensor):
            raise ValueError(f"{name} is a {type(part).__name__}; expected a tensor")
    if texts.dtype != torch.int64 or texts.dim() != 1:
        raise ValueError(
            f"texts is {texts.dtype} of shape {tuple(texts.shape)}; expected an int64 "
            "number a text, as text_digests gives them"
        )
    if not isinstance(label_names, tuple | list) or not all(
        isinstance(name, str) for name in label_names
    ):
        raise ValueError(f"label_names is {label_names!r}; expected a tuple of strings")
    check_card(teacher)


def check_card(card: Any) -> None:
    """Raise `ValueError` if a teacher's card lacks its name, or cannot be kept."""
    if not isinstance(card, dict) or not isinstance(card.get("name"), str):
        raise ValueError(
            f"teacher is {card!r}; expected a dictionary that says what the teacher is "
            'called, such as {"name": "an LLM"}'
        )
    for name in ("parameters", "bytes"):
        count = card.get(name)
        if count is not None and (type(count) is not int or count < 0):
            raise ValueError(
                f"the teacher's {name} is {count!r}; expected a whole number, or "
                "nothing"
            )
    try:
        json.dumps(card, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the teacher's card is no JSON: {error}") from error
