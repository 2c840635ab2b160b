"""F1 over names against seqeval's, on thousands of taggings of every kind."""

import random

import pytest
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities

from course_lib.spans import span_f1, spans_of, tag_names

TAGS = tag_names(["PER", "LOC", "ORG"])


@pytest.mark.filterwarnings("ignore")  # seqeval warns where nothing is found
def test_names_and_f1_are_those_of_seqeval():
    """Also where an I- goes on with nothing, as what a model says may."""
    draw = random.Random(0)
    for _ in range(2_000):
        lengths = [draw.randrange(1, 9) for _ in range(draw.randrange(1, 5))]
        true, said = (
            [[draw.choice(TAGS) for _ in range(n)] for n in lengths] for _ in range(2)
        )
        if draw.random() < 0.5:
            said = [
                [b if draw.random() < 0.2 else a for a, b in zip(t, s, strict=True)]
                for t, s in zip(true, said, strict=True)
            ]
        for tags in true:
            theirs = [
                (kind, start, stop + 1) for kind, start, stop in get_entities(tags)
            ]
            assert spans_of(tags) == theirs
        assert span_f1(said, true) == pytest.approx(f1_score(true, said), abs=1e-12)
