"""What all tests share: one thread, no surprises from the reader's environment."""

import os
import sys

import pytest
from hypothesis import settings

settings.register_profile("course", max_examples=50, deadline=None, derandomize=True)
settings.load_profile("course")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the processes that tests start too
# jsonschema, which reads notebooks and charts, would build 38 parsers for addresses
# that nobody asks it to check: two seconds in each process.
sys.modules.setdefault("rfc3987_syntax", None)
#: What another Python imports when it starts, on the Colab of these tests.
collect_ignore = ["colab/runtime"]


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Tiny models: threads that wait for each other cost more."""
    import torch  # not above: the process that only hands out tests needs none

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_course_settings(monkeypatch):
    """Tests say themselves which scale and which data they mean."""
    monkeypatch.delenv("COURSE_SCALE", raising=False)
    monkeypatch.delenv("COURSE_DATA", raising=False)
