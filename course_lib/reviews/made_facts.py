"""Facts about people, and questions that need two of them.

Who is the boss of Anna's rival? One looks up the rival, and then the rival's boss. Each
fact is in many questions, and each question comes up once: its answer cannot be known
by heart, but each of its two steps can.
"""

import numpy as np

NAMES = (
    *("anna", "bert", "carla", "david", "elena"),
    *("frank", "greta", "hugo", "irene", "jonas"),
)
RELATIONS = ["boss", "rival", "doctor", "neighbour"]


def made_facts(seed: int = 0) -> dict[str, dict[str, str]]:
    """Return for each relation whom each person has: everybody has another one.

    >>> facts = made_facts()
    >>> sorted(facts), facts["boss"]["anna"] in NAMES
    (['boss', 'doctor', 'neighbour', 'rival'], True)
    """
    random = np.random.default_rng(seed)
    facts = {}
    for relation in RELATIONS:
        order = list(NAMES)
        while any(a == b for a, b in zip(NAMES, order, strict=True)):
            order = [str(name) for name in random.permutation(NAMES)]
        facts[relation] = dict(zip(NAMES, order, strict=True))
    return facts


def made_questions(seed: int = 0) -> list[tuple[list[str], list[str]]]:
    """Return all questions in a mixed order, each with its two steps.

    >>> questions = made_questions()
    >>> (last, first, name), steps = questions[0]
    >>> facts = made_facts()
    >>> steps == [facts[first][name], facts[last][facts[first][name]]]
    True
    """
    facts = made_facts(seed)
    found = []
    for last in RELATIONS:
        for first in RELATIONS:
            for name in NAMES:
                middle = facts[first][name]
                found.append(([last, first, name], [middle, facts[last][middle]]))
    order = np.random.default_rng([seed, 1]).permutation(len(found))
    return [found[i] for i in order]
