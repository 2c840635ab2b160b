"""The folder of a student: four files that hold all of it, and run nothing.

`model.safetensors` has the weights; `config.json` all else, from which another program
can serve the student; `vocabulary.txt` a word a line; and `README.md` says how good it
is and what it was never tested on.
"""

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from course_lib import tensor_files
from course_lib.files import check_folder_place, whole_folder
from course_lib.tensor_files import Tensors
from course_lib.text import PADDING, RULES, UNKNOWN

KIND = "course_lib student, format 1"
WEIGHTS, CONFIG, WORDS, CARD = FILES = (
    "model.safetensors",
    "config.json",
    "vocabulary.txt",
    "README.md",
)
#: What may lie beside them, and be replaced with them: what `export` writes, and the
#: folder of `distill --save-all`.
ONNX, INT8, ALONE = MORE = ("model.onnx", "model-int8.onnx", "alone")


class StudentError(ValueError):
    """A folder holds no student, or a damaged one; it has been left as it was."""


def write(
    folder: str | Path,
    weights: Tensors,
    about: Mapping[str, Any],
    words: Sequence[str],
    card: str,
) -> None:
    """Write the folder, whole or not at all; an older student there is replaced.

    `about` is what `Student.save` says of itself. Raises `FileExistsError` if anything
    else stands there.
    """
    listed = "".join(f"{word}\n" for word in words).encode("utf-8", "surrogatepass")
    config = {"format": KIND, "course_lib": version("course-lib"), **about}
    config["tokenizer"] = {
        "kind": "words",
        "lower_case": True,
        "replace": [list(rule) for rule in RULES],
        "max_tokens": config.pop("max_tokens"),
        "keep": "the first and the last half of a longer text",
        "padding": PADDING,
        "unknown": UNKNOWN,
    }
    config["vocabulary"] = {"words": len(words), "sha256": sha256(listed).hexdigest()}
    text = json.dumps(config, indent=1) + "\n"
    with whole_folder(folder, is_student) as unfinished:
        (unfinished / WORDS).write_bytes(listed)
        (unfinished / CONFIG).write_text(text, encoding="utf-8")
        tensor_files.write(unfinished / WEIGHTS, KIND, weights, {})
        (unfinished / CARD).write_text(card, encoding="utf-8", errors="replace")


def read(folder: Path) -> tuple[Tensors, dict[str, Any], list[str]]:
    """Return a student's weights, its `config.json` and its words.

    Raises `StudentError` or `TensorFileError` if one of the files is not there, is
    damaged, or belongs to another student.
    """
    config = read_config(folder)
    words = read_words(folder, config)
    weights, _ = tensor_files.read(folder / WEIGHTS, KIND)
    return weights, config, words


def find(name: str | Path) -> Path:
    """Return a student's folder; one on the hub is fetched, and only its own files."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if re.fullmatch(r"[\w.-]+/[\w.-]+", str(name)) is None or folder.parent.is_dir():
        raise StudentError(
            f"there is no folder {str(name)!r}: give one that `distill --save` wrote, "
            "or the id of one on the hub, such as somebody/their-student"
        )
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(name), allow_patterns=[*FILES, "*.onnx"]))
    except Exception as error:  # whatever the HTTP library of the day raises
        raise StudentError(
            f"{str(name)!r} is no folder here, and could not be fetched from the hub: "
            f"{error}"
        ) from error


def read_config(folder: Path) -> dict[str, Any]:
    """Read a student's `config.json`, and see that it is one."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StudentError(f"{folder} holds no student: it has no {CONFIG}") from error
    except ValueError as error:
        raise StudentError(f"{folder / CONFIG} is damaged: {error}") from error
    found = config.get("format") if isinstance(config, dict) else None
    if found != KIND:
        raise StudentError(
            f"{folder / CONFIG} is of the format {found!r}; expected {KIND!r}"
        )
    return config


def read_words(folder: Path, config: dict[str, Any]) -> list[str]:
    """Read a student's vocabulary, and see that it is the one it was trained with."""
    try:
        listed = (folder / WORDS).read_bytes()
    except FileNotFoundError as error:
        raise StudentError(f"{folder} has no {WORDS}") from error
    if sha256(listed).hexdigest() != config.get("vocabulary", {}).get("sha256"):
        raise StudentError(
            f"{folder / WORDS} is damaged: it is not what {CONFIG} was written with"
        )
    return listed.decode("utf-8", "surrogatepass").split("\n")[:-1]


def is_student(folder: Path) -> bool:
    """Whether a folder holds a student, and nothing that is not part of it."""
    try:
        read_config(folder)
    except (StudentError, OSError):
        return False
    return {path.name for path in folder.iterdir()} <= {*FILES, *MORE}


def check_place(folder: str | Path) -> None:
    """Raise `OSError` now if a student could not be saved there later."""
    check_folder_place(folder, is_student)
