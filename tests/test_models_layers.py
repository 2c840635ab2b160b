import pytest
import torch
from tiny_berts import FAMILIES, make_batch, make_tiny

from course_lib.models import (
    BertClassifier,
    GRUClassifier,
    LSTMClassifier,
    TextCNN,
    count_parameters,
    evenly,
    keep_layers,
    start_from,
)
from course_lib.models.bert import find_layers


@pytest.mark.parametrize("kind", [LSTMClassifier, GRUClassifier])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_student_of_all_layers_is_the_teacher(kind, bidirectional):
    teacher = kind(30, 2, 8, 4, num_layers=3, bidirectional=bidirectional).eval()
    student = keep_layers(teacher, [0, 1, 2])
    tokens, lengths = torch.randint(2, 30, (3, 7)), torch.tensor([7, 2, 5])
    assert torch.equal(student(tokens, lengths), teacher(tokens, lengths))


def test_the_chosen_layers_stand_in_the_order_given_and_are_copies():
    teacher = LSTMClassifier(30, 2, 8, 4, num_layers=3)
    student = keep_layers(teacher, [2, 1])
    for place, number in enumerate([2, 1]):
        for stack in ("forwards", "backwards"):
            ours = getattr(student, stack)[place].weight_hh_l0
            theirs = getattr(teacher, stack)[number].weight_hh_l0
            assert torch.equal(ours, theirs)
            assert ours.data_ptr() != theirs.data_ptr()
    assert len(teacher.forwards) == 3


def test_a_layer_that_is_not_there_is_refused():
    teacher = LSTMClassifier(30, 2, 8, 4, num_layers=2)
    for layers in ([2], [-1], []):
        with pytest.raises(
            ValueError, match=r"layers is \[.*\]; give one or more of 0 to 1"
        ):
            keep_layers(teacher, layers)
    with pytest.raises(ValueError, match="TextCNN has no layers to keep"):
        keep_layers(TextCNN(30, 2, 4, 4), [0])


def test_a_two_layer_teacher_gives_a_student_its_lower_layer():
    teacher = LSTMClassifier(30, 2, 5, 4, num_layers=2).eval()
    student = keep_layers(teacher, [0])
    fresh = LSTMClassifier(30, 2, 5, 4)
    fresh.load_state_dict(student.state_dict())
    tokens, lengths = torch.randint(2, 30, (3, 7)), torch.tensor([7, 2, 5])
    assert torch.equal(student(tokens, lengths), fresh.eval()(tokens, lengths))


def test_a_layer_that_cannot_read_the_words_is_refused():
    teacher = LSTMClassifier(30, 2, 5, 4, num_layers=2)
    with pytest.raises(ValueError, match="reads 8 features cannot stand where 5 come"):
        keep_layers(teacher, [1])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_student_of_bert_is_a_smaller_bert(family, tmp_path):
    """Its files are those of a model of its own, which transformers can read."""
    teacher = BertClassifier(make_tiny(family, tmp_path), 2, trained_layers=0).eval()
    student = keep_layers(teacher, [0, 2])
    for ours, number in zip(find_layers(student.bert), [0, 2], strict=True):
        theirs = find_layers(teacher.bert)[number]
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)
            assert a.data_ptr() != b.data_ptr()
    assert all(p.requires_grad for p in student.parameters())
    assert count_parameters(student) < count_parameters(teacher)
    assert teacher.bert.config.num_hidden_layers == 3
    student.bert.save_pretrained(tmp_path / "student")
    again = BertClassifier(tmp_path / "student", 2).eval()
    expected = student(*make_batch())
    torch.testing.assert_close(again(*make_batch()), expected, atol=1e-6, rtol=0)
    student.train()(*make_batch()).sum().backward()
    assert all(m.training for m in student.modules())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_bert_of_all_its_layers_is_the_teacher(family, tmp_path):
    teacher = BertClassifier(make_tiny(family, tmp_path), 2).eval()
    student = keep_layers(teacher, range(3))
    assert torch.equal(student(*make_batch()), teacher(*make_batch()))


def test_evenly_is_as_near_to_equal_gaps_as_whole_numbers_are():
    for count in range(1, 26):
        for keep in range(1, count + 1):
            kept = evenly(count, keep)
            assert len(set(kept)) == keep and kept == sorted(kept)
            assert kept[0] == 0 and (keep == 1 or kept[-1] == count - 1)
            for place, layer in enumerate(kept):
                assert abs(layer * max(keep - 1, 1) - place * (count - 1)) * 2 < max(
                    keep, 2
                )
    assert evenly(12, 6) == [0, 2, 4, 7, 9, 11]  # as in DistilBERT's code


@pytest.mark.parametrize(("count", "keep"), [(2, 3), (6, 0), (6, -1)])
def test_more_layers_than_there_are_cannot_be_kept(count, keep):
    with pytest.raises(ValueError, match=rf"^{keep} layers cannot be kept of {count}"):
        evenly(count, keep)


def pair():
    """A student of one layer, and a teacher of two, as wide."""
    torch.manual_seed(0)
    student = LSTMClassifier(30, 2, 5, 4)
    return student, LSTMClassifier(30, 2, 5, 4, num_layers=2)


def test_a_start_from_all_parts_is_keeping_the_first_layer():
    student, teacher = pair()
    copied = start_from(student.eval(), teacher.eval())
    assert sorted(copied) == sorted(student.state_dict())
    tokens, lengths = torch.randint(2, 30, (3, 7)), torch.tensor([7, 2, 5])
    expected = keep_layers(teacher, [0])(tokens, lengths)
    assert torch.equal(student(tokens, lengths), expected)


def test_only_the_named_parts_are_copied_each_once():
    student, teacher = pair()
    before = {name: w.clone() for name, w in student.state_dict().items()}
    copied = start_from(student, teacher, ["forwards.0", "head.bias", "forwards"])
    assert copied == [*(n for n in before if n.startswith("forwards")), "head.bias"]
    for name, now in student.state_dict().items():
        source = teacher.state_dict() if name in copied else before
        assert torch.equal(now, source[name]), name
    assert start_from(student, teacher, "embedding") == ["embedding.weight"]


def test_a_student_that_has_started_trains_without_moving_its_teacher():
    student, teacher = pair()
    before = {name: w.clone() for name, w in teacher.state_dict().items()}
    start_from(student, teacher)
    with torch.no_grad():
        for weight in student.parameters():
            weight += 1
    assert all(torch.equal(w, before[n]) for n, w in teacher.state_dict().items())
    assert all(weight.requires_grad for weight in student.parameters())


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (["embeddings"], r"no part 'embeddings'; it has embedding, forwards\.0, "),
        (["head", "forwards.1"], r"no part 'forwards\.1'"),
        (["forwards.0.weight"], r"no part 'forwards\.0\.weight'"),
        (["embedding", "head"], r"head\.weight has shape \(2, 16\), .* \(3, 16\)"),
        (["embedding", "encoder"], "the teacher has none"),
    ],
)
def test_a_part_that_is_not_there_or_does_not_fit_stops_before_any_is_copied(
    parts, words
):
    student, _ = pair()
    student.encoder = torch.nn.Linear(2, 2)
    before = {name: w.clone() for name, w in student.state_dict().items()}
    other = LSTMClassifier(30, 3, 5, 4)
    with pytest.raises(ValueError, match=words) as raised:
        start_from(student, other, parts)
    assert "\n" not in str(raised.value)
    assert all(torch.equal(w, before[n]) for n, w in student.state_dict().items())
