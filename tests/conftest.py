"""What all tests share: one thread, no surprises from the reader's environment."""

import os

import pytest
import torch
from hypothesis import settings

settings.register_profile("course", max_examples=50, deadline=None, derandomize=True)
settings.load_profile("course")
torch.set_num_threads(1)  # tiny models: threads that wait for each other cost more
os.environ.setdefault("OMP_NUM_THREADS", "1")  # and in the processes that tests start


@pytest.fixture(autouse=True)
def no_course_settings(monkeypatch):
    """Tests say themselves which scale and which data they mean."""
    monkeypatch.delenv("COURSE_SCALE", raising=False)
    monkeypatch.delenv("COURSE_DATA", raising=False)
