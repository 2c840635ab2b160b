"""Walks that turn: which way one looks in the end, and after each turn on the way.

The end alone is hard to learn, as each turn may change it. One step is easy: it needs
the direction before, and one turn.
"""

import numpy as np

DIRECTIONS = ("north", "east", "south", "west")
#: By how many quarters each turn goes round to the right.
TURNS = {"on": 0, "right": 1, "back": 2, "left": 3}


def made_walks(
    count: int, *, turns: int = 4, seed: int = 0
) -> list[tuple[list[str], list[str]]]:
    """Return walks, each once: where it begins and its turns; where one looks after each.

    >>> for walk, steps in made_walks(2, turns=2):
    ...     print(" ".join(walk), "|", " ".join(steps))
    west left left | south east
    south left right | east south
    """
    most = len(DIRECTIONS) * len(TURNS) ** turns
    if count > most:
        raise ValueError(f"count is {count}; of {turns} turns there are {most:,} walks")
    random = np.random.default_rng(seed)
    found: dict[str, tuple[list[str], list[str]]] = {}
    while len(found) < count:
        start = DIRECTIONS[random.integers(4)]
        walk = [start, *map(str, random.choice(list(TURNS), turns))]
        found.setdefault(" ".join(walk), (walk, steps_of(walk)))
    return list(found.values())


def steps_of(walk: list[str]) -> list[str]:
    """Return where one looks after each turn.

    >>> steps_of(["north", "left", "back"])
    ['west', 'east']
    """
    place, steps = DIRECTIONS.index(walk[0]), []
    for turn in walk[1:]:
        place = (place + TURNS[turn]) % 4
        steps.append(DIRECTIONS[place])
    return steps
