"""What is written appears whole or not at all, and never over what is not ours."""

import errno
import os
import shutil
import stat
import subprocess
import sys

import pytest

from course_lib import records, tensor_files
from course_lib.files import (
    WriteError,
    check_folder_place,
    check_place,
    sweep,
    whole_file,
    whole_folder,
)


def anything(_):
    return True


def nothing(_):
    return False


def write(place, text, ours=nothing):
    with whole_file(place, ours) as unfinished:
        unfinished.write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_its_text_and_the_permissions_of_any_other(tmp_path):
    write(tmp_path / "a", "hello")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").read_text() == "hello"
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
    assert names(tmp_path) == ["a", "b"]


def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path):
    place = tmp_path / "a"
    place.write_text("before")
    with pytest.raises(KeyError), whole_file(place, anything) as unfinished:
        unfinished.write_text("half")
        raise KeyError
    assert place.read_text() == "before"
    assert names(tmp_path) == ["a"]


def test_what_is_not_ours_is_never_replaced(tmp_path):
    place = tmp_path / "mine.csv"
    place.write_text("text,label")
    for attempt in (
        lambda: check_place(place, nothing),
        lambda: write(place, "{}"),
        lambda: check_folder_place(place, nothing),
    ):
        with pytest.raises(FileExistsError, match=r"mine\.csv is "):
            attempt()
    assert place.read_text() == "text,label"
    write(place, "{}", ours=anything)
    assert place.read_text() == "{}"


def test_an_empty_file_is_free(tmp_path):
    (tmp_path / "a").touch()
    check_place(tmp_path / "a", nothing)
    write(tmp_path / "a", "hello")
    assert (tmp_path / "a").read_text() == "hello"


def test_what_is_read_is_never_written_over_whatever_it_is_called(tmp_path):
    place = tmp_path / "data.json"
    place.write_text("{}")
    os.link(place, tmp_path / "second name.json")
    for name in ("data.json", "second name.json"):
        with pytest.raises(FileExistsError, match="is also what is read"):
            check_place(tmp_path / name, anything, inputs=[place])


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_a_link_and_its_target_is_written(tmp_path, there):
    place, link = tmp_path / "target", tmp_path / "link"
    if there:
        place.write_text("before")
    link.symlink_to("target")
    write(link, "hello", ours=anything)
    assert link.is_symlink()
    assert place.read_text() == "hello"


def test_a_pipe_or_a_device_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(FileExistsError, match="is no ordinary file"):
            check_place(place, anything)
        with pytest.raises(FileExistsError, match="is no ordinary file"):
            write(place, "hello", ours=anything)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_folder_that_goes_away_is_one_clear_error(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    with (
        pytest.raises(WriteError, match=r"could not write .*No such file"),
        whole_file(folder / "a", nothing) as unfinished,
    ):
        unfinished.write_text("hello")
        shutil.rmtree(folder)


FULL = """
import errno, os, resource, signal, sys, torch
from course_lib import records, tensor_files
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
place = sys.argv[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for write in (
    lambda: tensor_files.write(place, "course_lib x", {"a": torch.ones(9999)}, {}),
    lambda: records.write(place, {"text": "x" * 9999}),
):
    try:
        write()
    except OSError as error:
        print(type(error).__name__, error)
"""


def test_a_disk_without_room_is_one_clear_error(tmp_path):
    """A limit on a file's size stops the writing as a full disk or a quota would."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "a")],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("WriteError could not write")
        assert os.strerror(errno.EFBIG) in line
    assert names(tmp_path) == []


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    place = tmp_path / "student"
    with pytest.raises(KeyError), whole_folder(place, nothing) as unfinished:
        (unfinished / "a").write_text("half")
        raise KeyError
    assert names(tmp_path) == []
    with whole_folder(place, nothing) as unfinished:
        (unfinished / "a").write_text("whole")
    assert names(tmp_path) == ["student"]
    assert names(place) == ["a"]


def test_a_folder_of_ours_is_replaced_and_another_is_not(tmp_path):
    place = tmp_path / "student"
    place.mkdir()
    (place / "photo").touch()
    with pytest.raises(FileExistsError), whole_folder(place, nothing):
        pass
    with pytest.raises(KeyError), whole_folder(place, anything):
        raise KeyError
    assert names(place) == ["photo"]
    with whole_folder(place, anything) as unfinished:
        (unfinished / "a").touch()
    assert names(place) == ["a"]
    assert names(tmp_path) == ["student"]


def test_what_a_killed_process_left_is_swept_away_and_no_neighbour(tmp_path):
    for name in (".run[1].abc.part", ".run1.abc.part", "run[1]"):
        (tmp_path / name).touch()
    sweep(tmp_path / "run[1]")
    assert names(tmp_path) == [".run1.abc.part", "run[1]"]


def test_records_and_tensor_files_know_their_own(tmp_path):
    import torch

    record, tensors, other = (tmp_path / name for name in ("r", "t", "o"))
    records.write(record, dict.fromkeys(records.ALWAYS, 0))
    tensor_files.write(tensors, "course_lib example", {"a": torch.ones(2)}, {})
    other.write_text('{"a": 1}')
    assert [records.is_record(p) for p in (record, tensors, other)] == [True, 0, 0]
    assert [tensor_files.is_ours(p) for p in (record, tensors, other)] == [0, True, 0]
