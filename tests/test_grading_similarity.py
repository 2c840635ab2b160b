"""Copies are found under other names; honest answers to one question are no copies."""

import copy
import csv
import json
import re

import pytest
from homework import softmax_and_kl
from submissions.make_twelve import FOLDER, NAME, YEAR

from coursework import similarity
from coursework.alike import ALIKE, alike, boilerplate, work
from coursework.build import MASTERS, build
from coursework.notebook import read
from coursework.submissions import Submission


@pytest.fixture(scope="module")
def homework(tmp_path_factory):
    folder = tmp_path_factory.mktemp("homework")
    build(MASTERS / f"{NAME}.ipynb", YEAR, folder)
    return folder


@pytest.fixture(scope="module")
def template(homework):
    return (homework / NAME / "student" / f"{NAME}.ipynb").read_text("utf-8")


def handed_in(template, answers, student="ada"):
    """What a student wrote, with each answer in the place of the n-th stub."""
    made, answers = copy.deepcopy(json.loads(template)), list(answers)
    for cell in made["cells"]:
        if "otter" in str(cell["metadata"].get("tags")) and answers:
            cell["source"] = answers.pop(0)
    given = read(template.encode())
    one = Submission(student, "", student, json.dumps(made).encode())
    return work(one, given, boilerplate(given))


def test_of_the_twelve_only_the_copy_is_found(homework, tmp_path, capsys):
    """By its code and by both answers in words; what is broken is a line."""
    given = ["--homework", str(homework), "--out", str(tmp_path)]
    assert similarity.main([str(FOLDER), *given]) == 0
    said = capsys.readouterr().out
    assert re.search(r"Skipped: '.*variste Galois.ipynb': not a notebook", said)
    assert "12 notebooks, pairs alike: 1" in said
    place = tmp_path / NAME / "similar.csv"
    with open(place, encoding="utf-8-sig", newline="") as file:
        [pair] = csv.DictReader(file)
    names = {pair["student_1"], pair["student_2"]}
    assert names == {"Ada Lovelace", "Bob's homework (final) (2)"}
    assert pair["share_1"] == pair["share_2"] == "1.00"
    assert pair["same_answers"] == "2"
    page = (tmp_path / NAME / "similar.html").read_text("utf-8")
    assert "When it is cold only the logits at the top count" in page
    assert page.count("<mark>") >= 2
    assert not [p for p in tmp_path.rglob("*") if "part" in p.suffix]


def test_honest_answers_are_far_from_copies(template):
    """Each other way of being right that the assignment's tests know, and mistakes."""
    sources = [code for _, code, *_ in softmax_and_kl.RIGHT[:3]]
    sources.append("".join(code for _, code, _ in softmax_and_kl.WRONG[:2]))
    works = [handed_in(template, [code], str(n)) for n, code in enumerate(sources)]
    assert [max(p.shares) for p in alike(works, 0.01) if max(p.shares) > 0.5] == []


def test_what_was_given_to_all_is_nobodys(template):
    untouched = [handed_in(template, [], name) for name in ("ada", "bob")]
    assert untouched[0].code.raw_code == ""
    assert alike(untouched) == []
    stub = "def masked_softmax(logits, allowed):\n    ...\n"
    kept = [handed_in(template, [stub, x], x) for x in ("T = 5", "print('no idea')")]
    assert alike(kept) == []


def test_a_part_of_anothers_work_is_enough(template):
    """Whoever copies one function and writes more is seen from the other's side."""
    loops, other = softmax_and_kl.RIGHT[0][1], softmax_and_kl.RIGHT[2][1]
    works = [handed_in(template, [loops]), handed_in(template, [loops, other], "bob")]
    [pair] = alike(works)
    assert max(pair.shares) > 0.9
    assert min(pair.shares) < ALIKE


def test_the_same_few_words_are_chance(template):
    long = (
        "Heat divides all the gaps by the same number, so the odds come nearer to one."
    )
    for words, number in [(long, 1), ("It divides the logits by T.", 0)]:
        works = [
            handed_in(template, ["", "", "", "", text], name)
            for name, text in [("ada", words), ("bob", words.upper() + "!")]
        ]
        assert len(alike(works)) == number


def test_names_and_code_are_text_on_the_page(template, tmp_path):
    """And no code is run."""
    evil = "open('left-behind', 'w')\nx = '<script>alert(1)</script>'  # </pre>\n" * 9
    made = json.loads(template)
    made["cells"][7]["source"] = evil
    data = json.dumps(made).encode()
    names = ["=<b>Ada</b>", "<script>Bob"]
    ones = [Submission(name, "", f"{name}.ipynb", data) for name in names]
    ones.append(Submission("big", "", "big.ipynb", b" " * (21 << 20)))
    pairs = similarity.report("x", ones, read(template.encode()), tmp_path)
    assert len(pairs) == 1
    page = (tmp_path / "similar.html").read_text("utf-8")
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<b>" not in page
    assert "big.ipynb&#39;: 22 MB" in page
    assert "'=<b>Ada" in (tmp_path / "similar.csv").read_text("utf-8-sig")
    assert {p.name for p in tmp_path.iterdir()} == {"similar.html", "similar.csv"}


def test_a_folder_without_notebooks_is_told(homework, tmp_path, capsys):
    assert similarity.main([str(tmp_path), "--homework", str(homework)]) == 1
    assert f"No notebook of an assignment in {tmp_path}" in capsys.readouterr().err
