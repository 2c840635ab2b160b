"""The pictures of questions: each mark is what its record says."""

import json
import sys
from pathlib import Path

import numpy as np

from course_lib import intervals, records

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book"))
import questions  # noqa: E402


def test_three_things_are_each_asked_about_in_four_places():
    asked = [key for some in questions.WORTH.values() for key, _ in some]
    assert len(asked) == len(set(asked)) == 12
    record = records.committed("worth-imdb")
    assert set(asked) <= record.keys()
    titles = [title for some in questions.WORTH.values() for _, title in some]
    assert len(set(titles)) == 12


def test_the_picture_of_worth_says_what_the_record_does(monkeypatch):
    monkeypatch.setenv("COURSE_BOOK", "1")
    record = records.committed("worth-imdb")
    page = questions.worth(record).data
    for some in questions.WORTH.values():
        for key, title in some:
            assert json.dumps(title) in page
            assert records.lead(record, key) in page
    assert "python -m experiments worth" in page


def test_verdicts_are_corrected_for_all_that_are_asked():
    record = dict(records.committed("worth-imdb"))
    asked = [key for some in questions.WORTH.values() for key, _ in some]
    weak = asked[0]
    record[weak] = {"value": 0.004, "interval": (0.0001, 0.008), "p": 0.04}
    for key in asked[1:]:
        record[key] = record[key] | {"p": 0.5}
    assert intervals.verdict(record[weak]) == intervals.BETTER
    assert questions.verdicts(record, asked)[weak] == intervals.OPEN


def test_the_picture_of_teachers_says_what_the_record_does(monkeypatch):
    monkeypatch.setenv("COURSE_BOOK", "1")
    record = records.committed("which-teacher-imdb")
    page = questions.which_teacher(record).data
    for row, title in questions.OF.items():
        assert json.dumps(title) in page
        for each in (row, f"of-{row}"):
            assert records.with_interval(record[each], "accuracy") in page
            assert str(100 * record[each]["metrics"]["accuracy"]) in page
    assert "python -m experiments which_teacher" in page


def test_the_picture_of_patience_says_what_the_record_does(monkeypatch):
    monkeypatch.setenv("COURSE_BOOK", "1")
    record = records.committed("patience-imdb")
    page = questions.patience(record).data
    marks = list(record["reviews_read"])
    assert len(marks) >= 17
    arms = {mark.partition("-")[0] for mark in marks}
    assert arms == {"alone", "few", "train", "all"}
    for row in marks:
        assert f'"{record["reviews_read"][row]:,}"' in page
        assert records.with_interval(record[row], "accuracy") in page
        agree = 100 * np.mean(record["agreement"][row]["agree"])
        assert f"{agree:.1f} %" in page
    assert str(100 * record["teacher"]["metrics"]["accuracy"]) in page
    assert "python -m experiments patience" in page


def test_the_page_says_how_long_was_tried():
    record = records.committed("patience-imdb")
    text = " ".join((ROOT / "book" / "results.md").read_text().split())
    first, *_, last = record["passes"]
    assert f"for {first} to {last} passes over the labelled reviews" in text
    few = record["reviews_read"][f"few-{record['last']['few']}"]
    assert f"the quarter up to {few // record['transfer']['few']} times" in text
    assert record["transfer"]["few"] == record["transfer"]["train"] // 4


def test_the_picture_of_few_labels_says_what_the_record_does(monkeypatch):
    monkeypatch.setenv("COURSE_BOOK", "1")
    record = records.committed("few-labels-imdb")
    page = questions.few_labels(record).data
    for row, title in questions.OTHERS.items():
        assert json.dumps(title) in page
        for n in record["labels"]:
            assert records.with_interval(record[f"{row}-{n}"], "accuracy") in page
            # Beside the taught student, so the other way round than in the record.
            lead = record[questions.taught_less(row, n)]
            assert str(-100 * lead["value"]) in page
            assert str(-100 * lead["interval"][1]) in page
    assert "python -m experiments few_labels" in page


def test_two_who_learnt_from_few_labels_had_the_same_draws():
    pairs, few = (
        records.committed(f"{name}-imdb") for name in ("setfit", "few-labels")
    )
    assert len(pairs["seeds"]) >= 5 and len(few["seeds"]) >= 10
    assert set(pairs["seeds"]) <= set(few["seeds"])
    assert pairs["labels"] in few["labels"]
    assert pairs["transfer"] == few["transfer"]
    ours = dict(
        zip(few["seeds"], few["taught-100"]["per_run"]["accuracy"], strict=True)
    )
    theirs = dict(
        zip(pairs["seeds"], pairs["taught"]["per_run"]["accuracy"], strict=True)
    )
    # The same training, but for the precision of one of them.
    assert all(abs(ours[seed] - theirs[seed]) < 0.01 for seed in theirs)
