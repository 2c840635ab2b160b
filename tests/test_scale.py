import platform
import sys

import pytest
import torch

from course_lib.scale import SCALES, current_scale, surroundings


def test_the_device_decides_when_nothing_is_said():
    scale = current_scale()
    expected = "full" if torch.cuda.is_available() else "cpu"
    assert scale.name == expected
    assert scale.device.type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", SCALES)
def test_course_scale_overrides_the_device(name, monkeypatch):
    monkeypatch.setenv("COURSE_SCALE", name)
    assert current_scale().name == name


def test_an_unknown_scale_is_named_with_the_valid_ones(monkeypatch):
    monkeypatch.setenv("COURSE_SCALE", "huge")
    with pytest.raises(ValueError, match=r"'huge'.*smoke, cpu, full"):
        current_scale()


def test_real_reviews_are_read_where_there_are_any(monkeypatch):
    assert SCALES["smoke"].data == "synthetic"
    assert SCALES["cpu"].data == "synthetic"
    assert SCALES["full"].data == "imdb"
    monkeypatch.setenv("COURSE_DATA", "somewhere")
    assert SCALES["smoke"].data == "synthetic"
    assert SCALES["cpu"].data == "imdb"


def test_larger_scales_never_do_less():
    smoke, cpu, full = SCALES.values()
    for small, large in [(smoke, cpu), (cpu, full)]:
        assert small.max_tokens <= large.max_tokens
        assert small.vocabulary_size <= large.vocabulary_size
        assert len(small.seeds) <= len(large.seeds)
        assert large.limit is None or small.limit < large.limit


def test_a_page_says_what_it_runs_on_and_on_colab_what_to_switch_on(monkeypatch):
    said = surroundings(SCALES["cpu"])
    assert torch.__version__ in said and platform.python_version() in said
    assert str(SCALES["cpu"]) in said and "Runtime" not in said
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert "Change runtime type, T4 GPU" in surroundings(SCALES["cpu"])


@pytest.mark.parametrize("name", ["cpu", "full"])
def test_what_a_page_claims_rests_on_five_seeds(name):
    assert len(set(SCALES[name].seeds)) >= 5
