"""Python, started on Colab: no package that Colab lacks, and no copy of the repository.

`colab.run` puts this folder onto PYTHONPATH, with the installed wheel behind it.
"""

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import google.colab  # noqa: F401  (it is loaded there before a notebook's first cell)

LACKING = frozenset(os.environ["COLAB_LACKS"].split())
WHEEL = os.environ["COLAB_WHEEL"]


class Finder(PathFinder):
    """Finds modules as ever, less those that are only on this machine."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if path is None and fullname in LACKING:
            return None
        return super().find_spec(fullname, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
# The repository's root, which an editable install has put there.
sys.path[:] = [
    p for p in sys.path if p == WHEEL or not Path(p, "course_lib/__init__.py").is_file()
]
