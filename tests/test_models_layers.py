import pytest
import torch

from course_lib.models import GRUClassifier, LSTMClassifier, TextCNN, keep_layers


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
        with pytest.raises(ValueError, match="of a teacher with 0 to 1"):
            keep_layers(teacher, layers)
    with pytest.raises(ValueError, match="TextCNN has no layers to choose from"):
        keep_layers(TextCNN(30, 2, 4, 4), [0])
