"""What a variant of a solution is, and how to find those of an assignment."""

import importlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Variant:
    """Code that replaces part of a solution, and the points that it costs."""

    name: str
    code: str
    lost: dict[str, float] = field(default_factory=dict)


def of(assignment: str) -> list[Variant]:
    module = importlib.import_module(f"homework.{assignment.replace('-', '_')}")
    wrong = [Variant(*variant) for variant in module.WRONG]
    right = [Variant(*variant) for variant in module.RIGHT]
    assert len(wrong) >= 5 and all(variant.lost for variant in wrong)
    assert len(right) >= 3 and not any(variant.lost for variant in right)
    return wrong + right
