"""Put each mistake of `zoo.py` into a copy of the package; the tests must then fail.

A test that cannot fail proves nothing. Here the ordinary tests run, unchanged, against
a copy of `course_lib` with one mistake in it, and against a copy without, which passes.
They run in a process that a fork server starts: it has imported torch once, and every
fork of it has a clean memory and starts in milliseconds.
"""

import gc
import io
import multiprocessing
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from zoo import MISTAKES, PUBLISHED, Mistake

pytestmark = [
    pytest.mark.zoo,
    pytest.mark.skipif(os.name == "nt", reason="no fork server on Windows"),
]
REPOSITORY = Path(__file__).resolve().parent.parent
# Slow imports, done once before forking. Never `course_lib`: each child has its own.
PRELOADED = [
    "torch",
    "accelerate",
    "safetensors.torch",
    "torch.distributed.tensor",  # for torch.testing.assert_close
    "torch._dynamo",  # for the first step of an optimizer
    "scipy.special",
    "scipy.stats",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "sklearn.metrics",
    "transformers",
    "transformers.models.auto.modeling_auto",
    "transformers.models.bert.modeling_bert",
    "tokenizers.models",
    "torchtext.vocab",
    "pooch",
    "hypothesis.extra.numpy",
    "pytest",
]
# Stop at the first failure; leave out what takes time and decides nothing.
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "-o", "addopts="]
SECONDS = 300  # to wait for one child, which says nothing more if it is killed


class Invalid:
    """A pytest plugin that notes code that does not run: its failures prove nothing."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def pytest_collectreport(self, report) -> None:
        if report.failed:
            self.reasons.append(report.longreprtext)

    def pytest_exception_interact(self, call) -> None:
        if isinstance(call.excinfo.value, NameError | ImportError | SyntaxError):
            self.reasons.append(call.excinfo.exconly())


def run_tests(tests: tuple[str, ...], mistake: Mistake | None) -> tuple[int, str]:
    """Run test files against a copy with the mistake; return exit status and output."""
    import torch

    torch.set_num_threads(1)
    gc.freeze()  # what the server imported is no garbage: looking at it takes time
    sys.dont_write_bytecode = True
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they take seconds to import
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve()
        no_bytecode = shutil.ignore_patterns("__pycache__")
        shutil.copytree(
            REPOSITORY / "course_lib", copy / "course_lib", ignore=no_bytecode
        )
        shutil.copytree(REPOSITORY / "tests", copy / "tests")
        shutil.copy(REPOSITORY / "pyproject.toml", copy)
        if mistake is not None:
            put_in(mistake, copy / "course_lib" / mistake.file)
        sys.path.insert(0, str(copy))
        os.chdir(copy)
        output, invalid = io.StringIO(), Invalid()
        with redirect_stdout(output), redirect_stderr(output):
            files = [str(copy / "tests" / name) for name in tests]
            status = pytest.main([*OPTIONS, *files], [invalid])
        os.chdir(REPOSITORY)
        ours = [m for n, m in sys.modules.items() if n.split(".")[0] == "course_lib"]
        loaded = [Path(m.__file__) for m in ours if getattr(m, "__file__", None)]
        assert all(p.is_relative_to(copy) for p in loaded), f"not the copy: {loaded}"
        assert not invalid.reasons, f"the change is no working code: {invalid.reasons}"
    return int(status), output.getvalue()


def put_in(mistake: Mistake, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    count = text.count(mistake.old)
    assert count == 1, f"found {count} times in {mistake.file}: {mistake.old!r}"
    file.write_text(text.replace(mistake.old, mistake.new), encoding="utf-8")


def report(pipe, case) -> None:
    pipe.send(run_tests(*case))


def in_a_process(context, case) -> tuple[int, str]:
    """Run a case in a process of its own, which may start others (a pool's may not)."""
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=report, args=(there, case))
    process.start()
    there.close()
    try:
        assert here.poll(SECONDS), f"nothing for {SECONDS} seconds: {case}"
        return here.recv()
    finally:
        process.kill()
        process.join()


@pytest.fixture(scope="module")
def outcome(request):
    """Start every run that this session asks for, two at a time; return a getter."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with ThreadPoolExecutor(2) as pool:
        runs = {}
        for item in request.session.items:
            if item.path == request.path and hasattr(item, "callspec"):
                case = item.callspec.params["case"]
                runs[case] = pool.submit(in_a_process, context, case)
        yield lambda case: runs[case].result()
        pool.shutdown(cancel_futures=True)


CLEAN = [((file,), None) for file in sorted({t for m in MISTAKES for t in m.tests})]


@pytest.mark.parametrize("case", CLEAN, ids=lambda case: case[0][0])
def test_clean_code_passes(outcome, case):
    status, output = outcome(case)
    assert status == pytest.ExitCode.OK, output


@pytest.mark.parametrize(
    "case", [(m.tests, m) for m in MISTAKES], ids=lambda case: case[1].name
)
def test_mistake_is_caught(outcome, case):
    status, output = outcome(case)
    assert status != pytest.ExitCode.OK, f"no test fails: {case[1]}"
    assert status == pytest.ExitCode.TESTS_FAILED, f"the tests did not run:\n{output}"


def test_every_published_mistake_is_here_and_no_name_twice():
    numbers = {mistake.number for mistake in MISTAKES} - {None}
    assert numbers == PUBLISHED.keys()
    names = [mistake.name for mistake in MISTAKES]
    assert len(names) == len(set(names))
