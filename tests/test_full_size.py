"""What runs on a GPU, rehearsed on a CPU: steps that stop and go on."""

from pathlib import Path

import pytest

from course_lib import records
from experiments import full_size
from experiments.full_size import FOLDER, Step, go_on, main, steps

pytestmark = pytest.mark.commands


def counting(name):
    """A step that notes in a file that it was taken."""
    code = f"open('{name}.log', 'a').write('x'); open('{name}', 'w').write('done')"
    Path(f"{name}_step.py").write_text(code, encoding="utf-8")
    return Step((f"{name}_step",), Path(name))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_done_is_not_done_again(here):
    todo = [counting("one"), counting("two")]
    assert go_on(todo, minutes=1) == 0
    Path("two").unlink()
    assert go_on(todo, minutes=1) == 0
    taken = [len(Path(f"{name}.log").read_text()) for name in ("one", "two")]
    assert taken == [1, 2]


def test_a_step_that_takes_too_long_is_left_for_the_next_call(here):
    Path("slow_step.py").write_text("import time; time.sleep(60)", encoding="utf-8")
    todo = [counting("one"), Step(("slow_step",), Path("slow")), counting("three")]
    assert go_on(todo, minutes=0.03) in (2, 3)
    assert not Path("slow").exists() and not Path("three").exists()


def test_a_step_that_fails_stops_the_rest_with_its_status(here):
    Path("bad_step.py").write_text("raise SystemExit(2)", encoding="utf-8")
    marked = Step(("bad_step",), Path("bad"), marks=True)
    with pytest.raises(full_size.subprocess.CalledProcessError, match="status 2"):
        go_on([marked, counting("two")], minutes=1)
    assert not Path("bad").exists() and not Path("two").exists()


def test_without_a_gpu_it_refuses_and_says_how_to_rehearse(monkeypatch, capsys):
    monkeypatch.setattr(full_size.torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("COURSE_SCALE", "full")
    with pytest.raises(SystemExit) as refused:
        main([])
    assert refused.value.code == 2
    assert "COURSE_SCALE=smoke" in capsys.readouterr().err


def test_every_data_set_has_its_teacher_and_its_student():
    todo = steps(full_size.DATA, "bert", Path("book/records"))
    names = [" ".join(step.command) for step in todo]
    for data in full_size.DATA:
        said = [n for n in names if f"--data {data} " in n]
        assert [n.split()[1] for n in said] == ["soft-targets", "distill"]
    assert names[0].startswith("pytest -q -m gpu")


def test_a_rehearsal_that_was_stopped_ends_with_a_record(here, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_SCALE", "smoke")
    monkeypatch.setenv("PYTHONPATH", str(Path(full_size.__file__).parent.parent))
    (here / "tests").mkdir()
    one = "import pytest\n\n@pytest.mark.gpu\ndef test_it():\n    pass\n"
    (here / "tests" / "test_one.py").write_text(one, encoding="utf-8")
    words = ["--data", "synthetic", "--teacher", "lstm", "--minutes"]
    main([*words, "0.02"])
    assert "call again" in capsys.readouterr().out
    main([*words, "5"])
    assert "all steps are done" in capsys.readouterr().out
    record = records.read(here / FOLDER / "distill-synthetic-lstm.json")
    assert record["teacher_model"] == "lstm"
