"""What a sandbox shows of this machine: files, and environment variables."""

import os
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin")
ETC = ("ld.so.cache", "alternatives", "fonts", "localtime", "mime.types")
#: The files of this package that run inside, and import nothing else of it.
INSIDE = ("__init__.py", "changes.py", "shell.py", "wire.py", "worker.py")


def visible() -> list[Path]:
    """Return what a sandbox shows of this machine, all of it read-only.

    The system's libraries, Python with its packages, `course_lib` with its records, and
    the few files of this package that run inside. No tests, no notebooks, no homes.
    """
    import course_lib

    here = Path(__file__).resolve().parent
    paths = [Path(p) for p in SYSTEM] + [Path("/etc") / name for name in ETC]
    paths += [Path(sys.base_prefix), Path(sys.prefix)]
    paths += [Path(sysconfig.get_path("stdlib"))]
    paths += map(Path, packages())
    paths += [Path(course_lib.__file__).resolve().parent, ROOT / "book" / "records"]
    paths += [here / name for name in INSIDE]
    found: list[Path] = []
    for path in paths:
        if path.exists() and not any(path.is_relative_to(p) for p in found):
            found.append(path)
    return found


def packages() -> list[str]:
    """Return the folders with packages that this Python uses."""
    return [path for path in sys.path if path.endswith("-packages")]


def environment() -> dict[str, str]:
    """Return the sandbox's environment variables: none of this process's secrets."""
    import course_lib

    course = str(Path(course_lib.__file__).resolve().parent.parent)
    settings = {
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys([str(ROOT), course, *packages()])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "LANG": "C.UTF-8",
        "USER": "student",
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "COURSE_SCALE": "smoke",
        "HF_HUB_OFFLINE": "1",
        "PIP_NO_INDEX": "1",
    }
    for name in ("ATEN_CPU_CAPABILITY", "OPENBLAS_CORETYPE"):
        if name in os.environ:
            settings[name] = os.environ[name]
    return settings
