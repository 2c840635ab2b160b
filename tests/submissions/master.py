"""A master for otter-grader with two tested questions and a written one."""

import json
import subprocess
import sys
from pathlib import Path

NAME = "samples"
CONFIG = """# ASSIGNMENT CONFIG
name: samples
runs_on: colab
tests:
  files: true
export_cell: false
generate: true
"""
SOFTENED = """def softened(logits, temperature):
    \"\"\"Probabilities from logits of shape (batch, classes), softened.\"\"\"
    return (logits / temperature).softmax(dim=-1) # SOLUTION"""
ENTROPY = """def entropy(p):
    \"\"\"The entropy of each row of probabilities.\"\"\"
    return -torch.special.xlogy(p, p).sum(dim=-1) # SOLUTION"""
TESTS = {
    "q1": [
        "assert softened(torch.zeros(1, 2), 1.0).tolist() == [[0.5, 0.5]]",
        "assert softened(torch.zeros(3, 4), 2.0).shape == (3, 4)",
        "# HIDDEN\n"
        "z = torch.tensor([[2.0, 4.0, 8.0]])\n"
        "assert torch.allclose(softened(z, 2.0), (z / 2).softmax(-1))",
        "# HIDDEN\n"
        "z = torch.tensor([[1.0, 3.0]], requires_grad=True)\n"
        "softened(z, 4.0)[0, 0].backward()\n"
        "expected = (z / 4).softmax(-1)[0].prod().item() / 4\n"
        "assert abs(z.grad[0, 0].item() - expected) < 1e-4",
    ],
    "q2": [
        "p = torch.tensor([[0.5, 0.5]])\nassert abs(entropy(p).item() - 0.6931) < 1e-3",
        "# HIDDEN\n"
        "p = torch.tensor([[1.0, 0.0], [0.25, 0.75]])\n"
        "assert torch.allclose(entropy(p), torch.tensor([0.0, 0.5623]), atol=1e-3)",
    ],
}
POINTS = {"q1": 4, "q2": 2}


def cell(kind, source):
    made = {"cell_type": kind, "metadata": {}, "source": source}
    if kind == "code":
        made |= {"outputs": [], "execution_count": None}
    return made


def question(name, text, answer, kind="code"):
    head = f"# BEGIN QUESTION\nname: {name}\n"
    tests = TESTS.get(name, [])
    head += f"points: {POINTS[name]}" if tests else "manual: true\npoints: 3"
    cells = [("raw", head), ("markdown", text), ("raw", "# BEGIN SOLUTION")]
    cells += [(kind, answer), ("raw", "# END SOLUTION")]
    if tests:
        cells += [("raw", "# BEGIN TESTS"), *(("code", test) for test in tests)]
        cells += [("raw", "# END TESTS")]
    return [*cells, ("raw", "# END QUESTION")]


def build(folder):
    """Build the assignment as `make homework` does; return `homework` and `masters`."""
    masters, homework = Path(folder) / "masters", Path(folder) / "homework"
    masters.mkdir(parents=True)
    cells = [("raw", CONFIG), ("markdown", "# Samples"), ("code", "import torch")]
    cells += question("q1", "Soften.", SOFTENED)
    cells += question("q2", "Measure.", ENTROPY)
    cells += question("q3", "Why does heat soften?", "It divides.", "markdown")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": [cell(*one) for one in cells], "nbformat": 4}
    notebook |= {"metadata": {"kernelspec": kernel}, "nbformat_minor": 4}
    master = masters / f"{NAME}.ipynb"
    master.write_text(json.dumps(notebook))
    out = homework / NAME
    command = [sys.executable, "-m", "otter", "assign", str(master), str(out)]
    run = subprocess.run(
        [*command, "--no-run-tests"], capture_output=True, text=True, cwd=folder
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return homework, masters
