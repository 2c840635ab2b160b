import json
import os

import pytest

from course_lib import records


def make_record(gain=0.01, low=0.002, high=0.018):
    def entry(accuracy, parameters):
        return {
            "metrics": {"accuracy": accuracy, "cross_entropy": 0.3},
            "intervals": {
                "accuracy": [accuracy - 0.01, accuracy + 0.01],
                "cross_entropy": [0.2, 0.4],
            },
            "parameters": parameters,
            "bytes": 4 * parameters,
            "examples_per_second": 1234.5,
        }

    return {
        "data": "imdb",
        "device": "CPU",
        "versions": {},
        "scale": "cpu",
        "seeds": [0],
        "headline": "accuracy",
        "sizes": {"test": 25_000},
        "teacher": entry(0.90, 1_000_000),
        "baseline": entry(0.88, 250_000),
        "student": entry(0.88 + gain, 250_000),
        "int8": entry(0.88 + gain, 250_000),
        "distilled_minus_alone": {"value": gain, "interval": [low, high]},
    }


def test_a_teacher_of_unknown_size_has_a_dash_and_no_share():
    record = make_record()
    record["teacher"] |= dict.fromkeys(
        ("parameters", "bytes", "examples_per_second"), None
    )
    teacher, alone = records.table(record).splitlines()[2:4]
    assert [cell.strip() for cell in teacher.split("|")[3:-1]] == ["–", "–", "–"]
    assert "250,000" in alone
    assert records.verdict(record).endswith("98.9 % of the teacher's accuracy.")
    assert "of its parameters" in records.verdict(make_record())


def test_a_record_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "r.json"
    records.write(path, make_record())
    assert records.read(path) == make_record()
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path, monkeypatch
):
    path = tmp_path / "r.json"
    records.write(path, make_record())
    before = path.read_text()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        records.write(path, make_record(gain=0.05))
    assert path.read_text() == before
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_a_number_that_json_cannot_hold_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        records.write(tmp_path / "r.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_record_is_named(tmp_path):
    path = tmp_path / "r.json"
    path.write_text("{half")
    with pytest.raises(ValueError, match=r"r\.json is not a record"):
        records.read(path)
    path.write_text(json.dumps({"teacher": {}}))
    with pytest.raises(ValueError, match="lacks data, device"):
        records.read(path)


def test_the_table_shows_the_records_numbers():
    text = records.table(make_record())
    assert "90.00 [89.00, 91.00]" in text
    assert "1,000,000" in text
    assert "1,234" in text
    assert "1,000,000" not in records.table(make_record(), {"student": "small"})
    header, rule, *rows = text.splitlines()
    assert len({len(line) for line in [header, rule, *rows]}) == 1
    assert [row.split("|")[1].strip() for row in rows] == list(records.ROWS.values())


@pytest.mark.parametrize(
    ("gain", "low", "high", "said"),
    [
        (0.01, 0.002, 0.018, "The teacher helped: +1.00 points"),
        (0.01, -0.002, 0.018, "not measurably better"),
        (-0.01, -0.018, 0.002, "not measurably better"),
        (-0.01, -0.018, -0.002, "The teacher hurt: -1.00 points"),
    ],
)
def test_the_verdict_follows_the_paired_interval(gain, low, high, said):
    assert said in records.verdict(make_record(gain, low, high))


def test_a_teacher_without_score_or_size_is_not_divided_by():
    record = make_record()
    said = records.verdict(record)
    assert "keeps 98.9 % of the teacher's accuracy with 25.0 % of its" in said
    del record["teacher"]["parameters"]  # soft targets that came without
    assert records.verdict(record).endswith("keeps 98.9 % of the teacher's accuracy.")
    record["teacher"]["metrics"]["accuracy"] = 0.0
    said = "teacher's accuracy is 0, of which nothing can be kept; the distilled "
    assert records.verdict(record).endswith(said + "student reaches 89.00.")
    record["teacher"]["parameters"] = 500_000
    assert records.verdict(record).endswith("89.00 with 50.0 % of its parameters.")


def test_a_smoke_run_claims_nothing():
    record = {**make_record(), "scale": "smoke"}
    assert "supports no claim" in records.verdict(record)


def test_a_place_that_cannot_be_written_is_found_before_any_work(tmp_path):
    records.check_writable(tmp_path / "new.json")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(IsADirectoryError, match="is a folder"):
        records.check_writable(tmp_path)
    with pytest.raises(FileNotFoundError, match="is no folder"):
        records.check_writable(tmp_path / "no" / "r.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(PermissionError, match="cannot write in the folder"):
        records.check_writable(tmp_path / "r.json")


def test_a_committed_record_is_found_by_its_name():
    assert records.committed("distill-imdb-lstm")["data"] == "imdb"
    with pytest.raises(FileNotFoundError, match=r"no record 'x' .* distill-imdb-lstm"):
        records.committed("x")


def test_several_verdicts_of_one_record_are_corrected_for_each_other():
    # By itself each interval excludes zero; asked together, only the surest stands.
    close = {"value": 0.01, "interval": (0.001, 0.019), "p": 0.04}
    sure = {"value": -0.01, "interval": (-0.013, -0.007), "p": 1e-6}
    record = {"headline": "accuracy", "a": close, "b": close, "c": sure}
    said = records.verdicts(record, {"a": "first", "b": "second", "c": "third"})
    assert list(said) == ["first", "second", "third"]
    assert (
        said["first"] == "+1.00 points of accuracy [+0.10, +1.90]: no difference shown"
    )
    assert said["third"].endswith("[-1.30, -0.70]: worse")
    assert records.verdicts(record, {"a": "first"})["first"].endswith(": better")
    smoke = records.verdicts(record | {"scale": "smoke"}, {"c": "third"})
    assert smoke["third"].endswith("a smoke run, no claim")


def test_a_lead_is_written_in_points():
    said = records.lead(make_record(), "distilled_minus_alone")
    assert said == "+1.00 points of accuracy [+0.20, +1.80]"


def test_an_older_records_interval_is_no_narrower_than_its_seeds_allow():
    """Of few labels: Student's t over three draws holds 0, the bootstrap does not."""
    accuracies = {
        "taught": [0.75868, 0.7704, 0.76884],
        "teacher": [0.74564, 0.7656, 0.76344],
    }
    record = {
        "headline": "accuracy",
        "gain": {"value": 0.0077, "interval": (3e-3, 0.012)},
    }
    record |= {row: {"per_run": {"accuracy": a}} for row, a in accuracies.items()}
    found = records.paired(record, "gain", "taught", "teacher")
    assert found["interval"][0] < 0 and found["p"] > 0.05
    assert found["interval"][1] > 0.012


@pytest.mark.parametrize(("leads", "p"), [((0.01, 0.01), 0.3), ((0.01, 0.011), 0.3)])
def test_nor_narrower_than_the_bootstrap_was(leads, p):
    record = {
        "headline": "accuracy",
        "gain": {"value": 0.01, "interval": (-0.01, 0.03)},
    }
    record |= {"a": {"per_run": {"accuracy": leads}}}
    record |= {"b": {"per_run": {"accuracy": (0.0, 0.0)}}}
    found = records.paired(record, "gain", "a", "b")
    assert found["interval"] == (-0.01, 0.03) and found["p"] >= p


def test_a_difference_that_has_its_p_is_left_as_it_is():
    gain = {"value": 0.01, "interval": (0.0, 0.02), "p": 0.04}
    assert records.paired({"gain": gain}, "gain", "a", "b") == gain
