"""`export`: a saved student as ONNX, and proof that it says the same there."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from course_lib.models import OnnxModel, export_onnx, quantise
from course_lib.student_folders import INT8, ONNX
from course_lib.students import Student

ABOUT = (
    "Write a saved student as ONNX into its folder, once as it is and once with INT8 "
    "word vectors, run both against PyTorch on a hundred texts, and say the largest "
    "difference. What turns a text into its input is in config.json and vocabulary.txt "
    "beside them; examples/serve_onnx.py reads all of it without PyTorch."
)
TEXTS = 100
#: Beyond this, a logit is not the same number computed in another order.
TOLERANCE = 1e-3


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export`."""
    parser.add_argument("folder", type=Path, help="of a student")
    parser.add_argument(
        "--onnx", action="store_true", help="the format; there is no other yet"
    )


def run(options: argparse.Namespace) -> int:
    """Write both files, and compare them with PyTorch."""
    student = Student.load(options.folder)
    texts = some_texts(student)
    small = replace(student, model=quantise(student.model))
    for name, one in {ONNX: student, INT8: small}.items():
        place = options.folder / name
        export_onnx(one.model, place)
        theirs = replace(one, model=OnnxModel(place)).logits(texts)
        apart = float(np.abs(theirs - one.logits(texts)).max())
        if not apart <= TOLERANCE:
            place.unlink()
            raise ValueError(
                f"{name} says other things than PyTorch (a logit differs by "
                f"{apart:.2g}), so it was not kept: the versions of onnx and torch do "
                "not go together"
            )
        print(
            f"{place}: {place.stat().st_size / 1000:,.0f} kB; on {TEXTS} texts no "
            f"logit is further than {apart:.1e} from PyTorch's"
        )
    p, q = student.predict_proba(texts), small.predict_proba(texts)
    print(f"INT8 moves a probability by at most {np.abs(p - q).max():.4f}")
    return 0


def some_texts(student: Student) -> list[str]:
    """Make texts of its words, from none to twice as many as it reads."""
    random = np.random.default_rng(0)
    lengths = np.linspace(0, 2 * student.max_tokens, TEXTS).astype(int)
    words = student.vocabulary.itos
    return [" ".join(random.choice(words, length)) for length in lengths]
