import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from filelock import FileLock
from forked import Forked
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers
from torch import nn
from transformers import PreTrainedTokenizerFast

from course_lib import tensor_files
from course_lib.batches import Examples
from course_lib.models import LSTMClassifier
from course_lib.soft_target_cache import make_once
from course_lib.soft_target_files import (
    KIND,
    SoftTargets,
    text_digests,
    tokenizer_digest,
)
from course_lib.soft_targets import predict_logits
from course_lib.tensor_files import TensorFileError
from course_lib.text import build_vocabulary, encode

NAMES = ("good", "bad")
TEXTS = [f"review number {i} is {'good' if i % 3 else 'bad'}" for i in range(40)]
VOCABULARY = build_vocabulary(TEXTS, 60)


def make_examples(texts=TEXTS, max_tokens=8):
    tokens = encode(texts, VOCABULARY, max_tokens)
    return Examples(tokens, torch.zeros(len(texts), dtype=torch.int64))


def make_teacher(seed=0, **options):
    torch.manual_seed(seed)
    return LSTMClassifier(60, 2, 4, 4, **options)


class Counted(nn.Module):
    """A teacher that counts the reviews that it has been asked about."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.asked = inner, 0

    def forward(self, tokens, lengths):
        self.asked += len(tokens)
        return self.inner(tokens, lengths)


class LastWord(nn.Module):
    """A teacher that tells the reviews apart by far."""

    def forward(self, tokens, lengths):
        return torch.stack([tokens.sum(1), lengths], dim=1).float()


def ask(folder, teacher=None, texts=TEXTS, **changes):
    options = {
        "name": "lstm",
        "tokenizer": tokenizer_digest(VOCABULARY),
        "max_tokens": 8,
        "folder": folder,
        **changes,
    }
    names = options.pop("label_names", NAMES)
    teacher = teacher or make_teacher()
    return make_once(
        teacher, make_examples(texts, options["max_tokens"]), texts, names, **options
    )


def files(folder):
    return sorted(p for p in folder.iterdir() if p.suffix == ".safetensors")


def test_what_is_kept_is_what_the_teacher_says_in_half_precision(tmp_path):
    logits = ask(tmp_path).logits_for(TEXTS, NAMES)
    expected = predict_logits(make_teacher(), make_examples())
    assert torch.equal(logits, expected.half().float())
    assert (logits - expected).abs().max() <= expected.abs().max() / 2000


def test_the_teacher_is_asked_once(tmp_path):
    teacher = Counted(make_teacher())
    first = ask(tmp_path, teacher)
    asked = teacher.asked
    second = ask(tmp_path, teacher)
    assert asked > 0
    assert teacher.asked == asked
    assert torch.equal(first.logits, second.logits)
    assert len(files(tmp_path)) == 1


def test_without_a_folder_the_result_is_the_same(tmp_path):
    kept, not_kept = ask(tmp_path), ask(None)
    assert torch.equal(kept.logits, not_kept.logits)
    assert kept.teacher == not_kept.teacher


@pytest.mark.parametrize(
    "change",
    [
        {"teacher": make_teacher(seed=1)},
        {"teacher": make_teacher(num_layers=2)},
        {"texts": [*TEXTS[:-1], "another review"]},
        {"texts": TEXTS[:-1]},
        {"texts": TEXTS[::-1]},
        {"tokenizer": "another"},
        {"max_tokens": 7},
        {"label_names": ("bad", "good")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_the_answers_depend_on_makes_another_file(change, tmp_path):
    ask(tmp_path)
    ask(tmp_path, **change)
    assert len(files(tmp_path)) == 2


def test_rows_follow_their_texts_through_any_order_slice_and_repetition():
    said = ask(None)
    random = np.random.default_rng(0)
    places = [*random.permutation(40)[:25], 3, 3, 7]
    logits = said.logits_for([TEXTS[i] for i in places], NAMES)
    assert torch.equal(logits, said.logits[places].float())


def test_labels_are_paired_by_name():
    said = ask(None)
    assert torch.equal(
        said.logits_for(TEXTS, ("bad", "good")), said.logits.float().flip(1)
    )
    assert torch.equal(said.logits_for(TEXTS, ["bad"])[:, 0], said.logits[:, 1].float())
    with pytest.raises(ValueError, match=r"knows no 'awful'; it knows 'good', 'bad'"):
        said.logits_for(TEXTS, ("good", "awful"))


def test_texts_that_the_teacher_has_not_read_are_counted_and_quoted():
    said = ask(None)
    with pytest.raises(ValueError, match=r"not read 2 of these 4 texts.*'unheard of'"):
        said.logits_for([TEXTS[0], "unheard of", TEXTS[1], "nor this"], NAMES)


def test_a_split_with_the_same_text_twice_is_fine(tmp_path):
    texts = [*TEXTS, TEXTS[0], TEXTS[5]]
    logits = ask(tmp_path, texts=texts).logits_for(texts, NAMES)
    assert torch.equal(logits[40], logits[0])
    assert torch.equal(logits[41], logits[5])


def test_a_hundred_thousand_reviews_with_28_labels_take_a_few_megabytes(tmp_path):
    count = 100_000
    texts = [f"review {i}" for i in range(count)]
    names = tuple(f"label {i}" for i in range(28))
    logits = 20 * torch.randn(count, 28)
    said = SoftTargets(logits.half(), text_digests(texts), names, {"name": "big"})
    said.write(tmp_path / "big.safetensors")
    assert (tmp_path / "big.safetensors").stat().st_size < 6.5e6
    again = SoftTargets.read(tmp_path / "big.safetensors")
    order = np.random.default_rng(0).permutation(count)
    shuffled = again.logits_for([texts[i] for i in order], names)
    assert torch.equal(shuffled, logits.half().float()[order])


def test_digests_are_those_of_the_text_and_nothing_else():
    texts = ["a", "b", "", "a ", "ä", "\ud800", "a"]
    digests = text_digests(texts)
    assert digests.dtype == torch.int64
    assert len(digests.unique()) == 6
    assert torch.equal(digests, text_digests(texts))


def make_pieces(normalizer, last="wing"):
    words = ["[UNK]", "[PAD]", "good", "bad", last]
    pieces = models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]")
    tokenizer = Tokenizer(pieces)
    tokenizer.normalizer = normalizer
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]"
    )


def test_a_tokenizers_digest_is_of_its_words_and_rules_and_not_of_its_last_call():
    one = make_pieces(normalizers.Lowercase())
    digest = tokenizer_digest(one)
    one(["good bad", "bad"], padding=True, truncation=True, max_length=5)
    # Many times, because a tokenizer names its words in another order each time.
    assert {tokenizer_digest(one) for _ in range(20)} == {digest}
    assert digest == tokenizer_digest(make_pieces(normalizers.Lowercase()))
    assert digest != tokenizer_digest(make_pieces(normalizers.NFC()))
    assert digest != tokenizer_digest(make_pieces(normalizers.Lowercase(), "king"))
    assert tokenizer_digest(VOCABULARY) != tokenizer_digest(build_vocabulary(TEXTS, 9))


def make_said(**changes):
    parts = {
        "logits": torch.tensor([[2.0, -1.0], [0.5, 0.0], [2.0, -1.0]]).half(),
        "texts": text_digests(["good", "fair", "good"]),
        "label_names": NAMES,
        "teacher": {"name": "an example"},
    }
    return SoftTargets(**{**parts, **changes})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"logits": torch.zeros(2, 2).half()}, r"shape \(2, 2\); expected .*\(3, 2\)"),
        ({"logits": torch.zeros(3, 2)}, r"torch.float32 logits .* expected float16"),
        ({"label_names": ("good", "good")}, "no label twice"),
        (
            {"logits": torch.zeros(0, 2).half(), "texts": text_digests([])},
            "0 texts .* at least one",
        ),
        ({"logits": torch.full((3, 2), 70_000.0).half()}, "beyond 65504"),
        ({"logits": torch.full((3, 2), torch.nan).half()}, "no number"),
        ({"logits": [[1.0, 2.0]]}, "logits is a list; expected a tensor"),
        ({"texts": ["good", "fair", "good"]}, "texts is a list; expected a tensor"),
        ({"texts": torch.arange(3.0)}, "texts is torch.float32 .* as text_digests"),
        ({"texts": torch.tensor(3)}, r"texts is torch.int64 of shape \(\); expected"),
        ({"label_names": "ab"}, "label_names is 'ab'; expected a tuple of strings"),
        ({"label_names": (0, 1)}, r"label_names is \(0, 1\); expected a tuple of str"),
        ({"teacher": "an LLM"}, "teacher is 'an LLM'; expected a dictionary"),
        ({"teacher": {}}, "teacher is {}; expected .* what the teacher is called"),
        ({"teacher": {"name": None}}, "what the teacher is called, such as"),
        (
            {"teacher": {"name": "t", "parameters": "7B"}},
            "parameters is '7B'; ",
        ),
        ({"teacher": {"name": "t", "parameters": -1}}, "parameters is -1; expected"),
        (
            {"teacher": {"name": "t", "bytes": 1.5}},
            "bytes is 1.5; expected a whole number",
        ),
        ({"teacher": {"name": "t", "when": {1}}}, "card is no JSON: .* set is not"),
        ({"teacher": {"name": "t", "loss": torch.nan}}, "card is no JSON"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        make_said(**change)


def test_one_text_may_not_be_said_two_things_of():
    make_said()
    rounding = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.02, -0.01]]).half()
    make_said(logits=make_said().logits + rounding)
    with pytest.raises(ValueError, match="rows 0 and 2 are of the same text"):
        make_said(logits=make_said().logits + 50 * rounding)


def test_a_teacher_that_says_two_things_of_one_text_leaves_no_file(tmp_path):
    texts = [*TEXTS[:-1], TEXTS[0]]  # its tokens stay those of the text it replaces
    with pytest.raises(ValueError, match="rows 0 and 39 are of the same text"):
        make_once(
            LastWord(), make_examples(), texts, NAMES,
            name="t", tokenizer="t", max_tokens=8, folder=tmp_path,
        )  # fmt: skip
    assert files(tmp_path) == []


@pytest.mark.parametrize("value", [70_000.0, float("nan"), float("inf")])
def test_a_logit_that_half_precision_cannot_hold_is_refused(value, tmp_path):
    teacher = make_teacher()
    with torch.no_grad():
        teacher.head.bias[0] = value
    with pytest.raises(ValueError, match=r"largest logit is .* half precision, up to"):
        ask(tmp_path, teacher)
    assert files(tmp_path) == []


def test_names_that_do_not_fit_the_teacher_are_refused(tmp_path):
    with pytest.raises(ValueError, match="gives 2 logits a review, and there are 3"):
        ask(tmp_path, label_names=("a", "b", "c"))
    assert files(tmp_path) == []


def test_texts_that_do_not_fit_the_examples_are_refused():
    with pytest.raises(ValueError, match="40 encoded reviews, but 39 texts"):
        make_once(
            make_teacher(),
            make_examples(),
            TEXTS[:-1],
            NAMES,
            name="lstm",
            tokenizer="t",
            max_tokens=8,
            folder=None,
        )


def spoil(path, how):
    content = bytearray(path.read_bytes())
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "flipped":
        content[-5] ^= 1
        path.write_bytes(content)
    elif how == "newer":
        path.write_bytes(content.replace(b"targets, format 1", b"targets, format 2"))
    elif how == "text":
        path.write_text("no soft targets")
    else:
        save_file({"logits": torch.ones(2, 2)}, path)


@pytest.mark.parametrize("how", ["truncated", "flipped", "text", "foreign", "newer"])
def test_a_damaged_entry_is_refused_and_left_alone(how, tmp_path):
    ask(tmp_path)
    (path,) = files(tmp_path)
    spoil(path, how)
    before = path.read_bytes()
    with pytest.raises(TensorFileError, match=r"left alone: delete it") as caught:
        ask(tmp_path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_an_entry_of_other_texts_under_this_name_is_refused(tmp_path):
    ask(tmp_path)
    ask(tmp_path, texts=TEXTS[::-1])
    one, other = files(tmp_path)
    for path, content in ((one, other.read_bytes()), (other, one.read_bytes())):
        path.write_bytes(content)
    with pytest.raises(TensorFileError, match="of another teacher or other texts"):
        ask(tmp_path)


def test_rows_moved_by_hand_are_noticed(tmp_path):
    """The right name and teacher, and the texts in another order."""
    said = ask(tmp_path)
    (path,) = files(tmp_path)
    replace(said, texts=said.texts.flip(0)).write(path)
    with pytest.raises(TensorFileError, match="of another teacher or other texts"):
        ask(tmp_path)


def killed_while_writing(folder):
    """Ask, and die when half of the answers are written."""
    write = tensor_files.save_file

    def dies(tensors, path, metadata):
        write(tensors, path, metadata)
        os.truncate(path, path.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

    tensor_files.save_file = dies
    ask(folder)


def test_a_process_killed_while_writing_leaves_nothing_to_trip_over(tmp_path):
    assert Forked(killed_while_writing, tmp_path).end()[0] == -signal.SIGKILL
    assert files(tmp_path) == []
    assert torch.equal(ask(tmp_path).logits, ask(None).logits)
    assert {p.suffix for p in tmp_path.iterdir()} == {".lock", ".safetensors"}


def test_every_flipped_bit_of_the_answers_and_digests_is_noticed(tmp_path):
    path = tmp_path / "said.safetensors"
    make_said().write(path)
    content = path.read_bytes()
    for place in range(len(content) - 36, len(content)):  # 6 logits, 3 digests
        for bit in range(8):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            with pytest.raises(TensorFileError, match="does not match its digest"):
                SoftTargets.read(path)


def test_of_two_runs_that_want_the_same_answers_one_asks(tmp_path):
    class Slow(Counted):
        def forward(self, tokens, lengths):
            started.set()
            waited.wait(0.5)  # time for the other to ask too, if nothing stops it
            return super().forward(tokens, lengths)

    started, waited = threading.Event(), threading.Event()
    teachers = [Slow(make_teacher()) for _ in range(2)]
    said = {}
    runs = [
        threading.Thread(
            target=lambda i=i: said.update({i: ask(tmp_path, teachers[i])})
        )
        for i in range(2)
    ]
    runs[0].start()
    started.wait()
    runs[1].start()
    for run in runs:
        run.join()
    assert teachers[0].asked > 0
    assert teachers[1].asked == 0
    assert torch.equal(said[0].logits, said[1].logits)


def test_a_folder_that_cannot_be_one_is_named_before_the_teacher_is_asked(tmp_path):
    teacher, place = Counted(make_teacher()), tmp_path / "a file"
    place.write_text("already here")
    for folder in (place, place / "below"):
        with pytest.raises(ValueError, match=r"no file can be kept in .*a file"):
            ask(folder, teacher)
    assert teacher.asked == 0
    assert place.read_text() == "already here"


def test_the_lock_is_given_back_after_a_mistake(tmp_path):
    with pytest.raises(ValueError, match="there are 3"):
        ask(tmp_path, label_names=("a", "b", "c"))
    (lock,) = (FileLock(path, timeout=0) for path in tmp_path.glob("*.lock"))
    with lock:
        assert lock.is_locked


@pytest.mark.parametrize(
    ("tensors", "about", "message"),
    [
        ({}, None, "has no logits"),
        (None, {}, "has no label_names"),
        (None, {"label_names": NAMES}, "has no teacher"),
        (None, {"label_names": NAMES, "teacher": {}}, "what the teacher is called"),
        (None, {"label_names": [1, 2], "teacher": {"name": "t"}}, "tuple of strings"),
        (None, {"label_names": "ab", "teacher": {"name": "t"}}, "tuple of strings"),
        (None, [], "holds no soft targets"),
        (
            {"logits": torch.zeros(3, 2), "texts": torch.arange(3)},
            None,
            "torch.float32",
        ),
        (
            {"logits": torch.zeros(3, 2).half(), "texts": torch.ones(3)},
            None,
            "an int64",
        ),
    ],
)
def test_a_file_with_other_parts_is_refused_and_named(
    tensors, about, message, tmp_path
):
    path = tmp_path / "s.safetensors"
    said = make_said()
    whole = {"label_names": NAMES, "teacher": said.teacher}
    tensor_files.write(
        path,
        KIND,
        {"logits": said.logits, "texts": said.texts} if tensors is None else tensors,
        whole if about is None else about,
    )
    with pytest.raises(TensorFileError, match=rf"s\.safetensors .*{message}"):
        SoftTargets.read(path)


@pytest.mark.parametrize("lacking", ["digest", "about"])
def test_a_file_of_another_maker_that_lacks_a_header_is_refused(lacking, tmp_path):
    said = make_said()
    header = {"format": KIND, "about": "{}", "digest": "0"}
    del header[lacking]
    path = tmp_path / "s.safetensors"
    save_file({"logits": said.logits, "texts": said.texts}, path, header)
    with pytest.raises(TensorFileError, match="does not match its digest"):
        SoftTargets.read(path)


def test_a_place_may_be_a_string(tmp_path):
    place = str(tmp_path / "s.safetensors")
    make_said(teacher={"name": "an LLM"}).write(place)
    assert SoftTargets.read(place).teacher == {"name": "an LLM"}
    assert torch.equal(ask(str(tmp_path / "kept")).logits, ask(None).logits)
    assert len(files(tmp_path / "kept")) == 1


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no soft targets at .*nowhere"):
        SoftTargets.read(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no soft targets at nowhere"):
        SoftTargets.read("nowhere")
