"""`distill`: a teacher, a student alone, and the same student with the teacher."""

import argparse
from functools import partial
from pathlib import Path

from course_lib import records, student_folders
from course_lib.commands.options import (
    add_data,
    add_files,
    check_apart,
    keep,
    load,
    read_files,
    tell_sizes,
    whole_number,
)
from course_lib.devices import accelerator
from course_lib.distill import Students, distill
from course_lib.files import WriteError
from course_lib.losses import DistillationLoss
from course_lib.model_card import model_card
from course_lib.models import STUDENTS, TEACHERS
from course_lib.records import Record
from course_lib.soft_target_files import SoftTargets

ABOUT = (
    "Train a teacher, a student alone, and the same student with the teacher, at equal "
    "budget and from the same initial weights. Print one table, and write a record of "
    "the run. The default data set is embedded and needs no network; COURSE_DATA names "
    "a folder that already holds the others. COURSE_SCALE=smoke makes a run of a few "
    "seconds to see that all works."
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of `distill`."""
    add_data(parser)
    teacher = parser.add_mutually_exclusive_group()
    teacher.add_argument(
        "--teacher", choices=TEACHERS, default="lstm", help="default: lstm"
    )
    teacher.add_argument(
        "--soft-targets",
        type=Path,
        metavar="FILE",
        help="in place of a teacher, what one said: a file written by `soft-targets`",
    )
    parser.add_argument(
        "--student", choices=STUDENTS, default="lstm", help="default: lstm"
    )
    parser.add_argument(
        "--temperature", type=float, default=2.0, help="of the soft part (default: 2)"
    )
    parser.add_argument(
        "--alpha",
        type=float,
        help="weight of the soft part, 0 to 1 (default: 0.5, or 1 with --unlabelled)",
    )
    parser.add_argument(
        "--unlabelled",
        action="store_true",
        help=(
            "let the distilled student read the data set's unlabelled reviews too, and "
            "believe its teacher alone; in as many steps as without"
        ),
    )
    parser.add_argument(
        "--seeds",
        type=whole_number,
        nargs="+",
        default=[0],
        metavar="N",
        help="run once from each, and show the mean (default: 0)",
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FOLDER",
        help="keep the distilled student there, for `predict`, `evaluate` and `export`",
    )
    parser.add_argument(
        "--save-all",
        action="store_true",
        help="with --save, keep its equal alone as well, in FOLDER/alone",
    )
    add_files(parser, "record.json", "where the record is written")


def run(options: argparse.Namespace) -> int:
    """Run the experiment, write its record and its student, and print its table."""
    # All that can be wrong with the input is found before any training starts.
    check(options)
    alpha = options.alpha
    if alpha is None:
        alpha = 1.0 if options.unlabelled else 0.5
    DistillationLoss(options.temperature, alpha)
    teacher = options.teacher
    if options.soft_targets:
        teacher = SoftTargets.read(options.soft_targets)
    scale, splits = load(options, options.seeds[0])
    models = {"student": STUDENTS[options.student]}
    if not options.soft_targets:
        models["teacher"] = TEACHERS[teacher]
    tell_sizes(models, splits)
    record, students = distill(
        splits,
        teacher,
        options.student,
        scale,
        seeds=options.seeds,
        temperature=options.temperature,
        alpha=alpha,
        unlabelled=options.unlabelled,
        checkpoint=options.checkpoint,
    )
    if accelerator().is_main_process:
        give(options, record, students)
    return 0


def check(options: argparse.Namespace) -> None:
    """Raise an error for what could be known now and would fail after training."""
    records.check_writable(options.out, inputs=read_files(options))
    twice = {seed for seed in options.seeds if options.seeds.count(seed) > 1}
    if twice:
        raise ValueError(
            f"the seed {min(twice)} is given twice: a run repeated tells nothing new, "
            "so give each seed once"
        )
    if options.save_all and not options.save:
        raise ValueError("--save-all keeps one more student: say where with --save")
    if options.save:
        student_folders.check_place(options.save)
        check_apart(options.save, options.out, options.checkpoint)


def give(options: argparse.Namespace, record: Record, students: Students) -> None:
    """Write what was made, show it, and only then say what could not be written."""
    lost = [keep(options.out, partial(records.write, record=record))]
    said = [f"record written to {options.out}"]
    kept = {"student": (students.distilled, options.save)} if options.save else {}
    if options.save_all:
        kept["baseline"] = (students.alone, options.save / student_folders.ALONE)
    for row, (student, place) in kept.items():
        card = model_card(record, student, row, students.seed)
        lost.append(keep(place, partial(student.save, card=card)))
        said.append(f"{records.ROWS[row]} of seed {students.seed} saved in {place}")
    print(records.table(record), records.verdict(record), sep="\n\n")
    for line, error in zip(said, lost, strict=True):
        if error is None:
            print(line)
    if errors := [error for error in lost if error is not None]:
        raise WriteError("; ".join(errors))
