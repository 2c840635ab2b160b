"""Taggers compared: the numbers of `comparison.compare`, where it can be asked too."""

import numpy as np
import pytest

from course_lib import records
from course_lib.comparison import Reading, compare
from course_lib.spans import span_f1
from course_lib.tag_comparison import TagReading, compare_tags


def runs(seeds=3, texts=80):
    random = np.random.default_rng(0)
    truth = random.integers(3, size=texts)
    found = []
    for _ in range(seeds):
        said = {
            name: np.where(random.random(texts) < share, truth, (truth + 1) % 3)
            for name, share in {"one": 0.9, "other": 0.7}.items()
        }
        found.append(said)
    return truth, found


def test_for_texts_of_one_word_the_share_of_right_tags_is_accuracy():
    truth, said = runs()
    names = np.array(["O", "B-PER", "B-LOC"])
    tagged = [
        {k: TagReading([[names[i]] for i in v]) for k, v in run.items()} for run in said
    ]
    logits = [
        {
            k: Reading(np.eye(3, dtype=np.float32)[v], None, None, None)
            for k, v in r.items()
        }
        for r in said
    ]
    pair = {"lead": ("one", "other")}
    ours = compare_tags(tagged, [[names[i]] for i in truth], differences=pair)
    theirs = compare(logits, truth, differences=pair)
    for name in ("one", "other"):
        assert ours[name]["per_run"]["token_accuracy"] == pytest.approx(
            theirs[name]["per_run"]["accuracy"]
        )
        assert ours[name]["intervals"]["token_accuracy"] == pytest.approx(
            theirs[name]["intervals"]["accuracy"]
        )
        for value, run in zip(ours[name]["per_run"]["span_f1"], tagged, strict=True):
            assert value == pytest.approx(
                span_f1(run[name].tags, [[names[i]] for i in truth])
            )
    low, high = ours["lead"]["interval"]
    assert 0 < low < ours["lead"]["value"] < high and ours["lead"]["p"] < 0.05
    text = records.table(ours, {"one": "one"})
    assert "F1 over names, %" in text and "words right, %" in text


def test_a_model_against_itself_has_no_lead():
    truth = [["B-PER", "O"], ["O", "B-LOC"]]
    reading = TagReading([["B-PER", "O"], ["O", "O"]])
    found = compare_tags(
        [{"a": reading, "b": reading}] * 2, truth, differences={"lead": ("a", "b")}
    )
    assert found["lead"] == {"value": 0.0, "interval": (0.0, 0.0), "p": 1.0}
