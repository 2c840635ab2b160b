"""`soft-targets`: a teacher's answers in one file, for machines without one."""

import argparse

from course_lib import tensor_files
from course_lib.batches import Examples
from course_lib.commands.options import (
    add_data,
    add_files,
    keep,
    load,
    read_files,
    tell_sizes,
    whole_number,
)
from course_lib.devices import accelerator
from course_lib.experiment import Experiment
from course_lib.files import WriteError, check_place
from course_lib.models import TEACHERS
from course_lib.soft_target_cache import make_once

ABOUT = (
    "Train a teacher on a machine that can, and write its logits for every split into "
    "one file of a few megabytes. On a machine that cannot, `distill --soft-targets "
    "FILE` reads them in its place."
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `soft-targets`."""
    add_data(parser)
    parser.add_argument(
        "--teacher", choices=TEACHERS, default="bert", help="default: bert"
    )
    parser.add_argument(
        "--seed", type=whole_number, default=0, metavar="N", help="default: 0"
    )
    add_files(parser, "soft-targets.safetensors", "where the soft targets are written")


def run(options: argparse.Namespace) -> int:
    """Train a teacher, and write what it says of every split into one file."""
    check_place(options.out, tensor_files.is_ours, inputs=read_files(options))
    scale, splits = load(options, options.seed)
    recipe = TEACHERS[options.teacher]
    tell_sizes({"teacher": recipe}, splits)
    theirs = splits.read_by(recipe)
    done = Experiment("soft-targets", splits, [options.seed], scale, options.checkpoint)
    texts = [text for part in splits.reviews.values() for text in part.texts]
    parts = map(theirs.examples, splits.reviews)
    soft_targets = make_once(
        done.prepared("teacher", 0, recipe, splits=theirs).model,
        Examples([tokens for part in parts for tokens in part.tokens]),
        texts,
        splits.label_names,
        name=options.teacher,
        tokenizer=theirs.tokenizer,
        max_tokens=theirs.max_tokens,
        folder=options.checkpoint,
    )
    if accelerator().is_main_process:
        if error := keep(options.out, soft_targets.write):
            raise WriteError(error)
        megabytes = options.out.stat().st_size / 1e6
        print(f"{len(texts):,} reviews, {megabytes:.1f} MB: {options.out}")
    return 0
