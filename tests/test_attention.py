"""Attention as a model shows it, and an objective that matches it."""

import pytest
import torch
from tiny_berts import FAMILIES, make_batch, make_tiny

from course_lib.losses import DistillationLoss
from course_lib.losses.hidden import attention_loss
from course_lib.models import BertClassifier, LSTMClassifier, keep_layers
from course_lib.soft_targets import predict_logits
from course_lib.training import Attention, Distillation, TeacherInside, train
from tests.tasks import make_task, weights

SOFT = DistillationLoss(temperature=2.0, alpha=1.0)
STILL = {"attention_probs_dropout_prob": 0.0, "initializer_range": 0.2}
LAYERS = {0: 2}


def make_bert(folder, family="bert", **changes):
    return BertClassifier(make_tiny(family, folder, **changes), 2).eval()


@pytest.fixture
def teacher(tmp_path):
    return make_bert(tmp_path / "teacher", initializer_range=0.5)


@pytest.fixture
def student(tmp_path):
    return make_bert(tmp_path / "student", num_hidden_layers=1, hidden_size=8, **STILL)


def shown(model, batch):
    return model(batch.tokens, batch.lengths, with_attention=True)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_bert_shows_whom_each_word_looks_at_and_answers_as_before(family, tmp_path):
    model = make_bert(tmp_path, family)
    tokens, lengths = make_batch()
    with torch.no_grad():
        before = model(tokens, lengths)
        logits, *layers = model(tokens, lengths, with_attention=True)
    torch.testing.assert_close(logits, before, atol=1e-5, rtol=1e-4)
    assert [tuple(layer.shape) for layer in layers] == [(5, 2, 9, 9)] * 3
    for text, n in enumerate(lengths):
        for layer in layers:
            rows = layer[text, :, :n]
            torch.testing.assert_close(rows.sum(-1), torch.ones(2, int(n)))
            assert (rows[..., n:] == 0).all()  # nobody looks at blanks


def test_states_and_attention_can_be_asked_for_together(teacher):
    batch = make_task(5).collate([0, 1, 2])
    with torch.no_grad():
        both = teacher(
            batch.tokens, batch.lengths, with_states=True, with_attention=True
        )
    assert [layer.dim() for layer in both] == [2, 3, 3, 3, 4, 4, 4]


def test_layers_that_were_kept_show_theirs(teacher):
    """They read the settings of their model, which were changed for that."""
    batch = make_task(5).collate([0, 1, 2])
    with torch.no_grad():
        (_, *kept), (_, *all_of_it) = (
            shown(model, batch) for model in (keep_layers(teacher, [0, 1]), teacher)
        )
    torch.testing.assert_close(kept, all_of_it[:2])


def test_it_is_the_softmax_of_what_queries_and_keys_say(teacher):
    """Against the first layer's own matrices, by hand."""
    batch = make_task(5).collate([0, 1, 2])
    first = teacher.bert.bert.encoder.layer[0].attention.self
    with torch.no_grad():
        x = teacher.bert.bert.embeddings(input_ids=batch.tokens)
        q, k = (
            matrix(x).unflatten(-1, (2, 8)).transpose(1, 2)
            for matrix in (first.query, first.key)
        )
        scores = q @ k.transpose(2, 3) / 8**0.5
        layer = shown(teacher, batch)[1]
    real = torch.arange(x.shape[1]) < batch.lengths[:, None]
    expected = scores.masked_fill(~real[:, None, None], -torch.inf).softmax(-1)
    rows = real[:, None, :].expand(-1, 2, -1)
    torch.testing.assert_close(layer[rows], expected[rows])


def test_what_is_missing_is_the_divergence_in_units_of_one_who_looks_at_all(
    teacher, student
):
    inside = TeacherInside(teacher, remember=True)
    objective = Attention(SOFT, student, inside, LAYERS)
    batch = make_task(9).collate(range(9))
    ours, theirs = shown(student, batch)[1], shown(teacher, batch)[3]
    uniform = torch.zeros_like(theirs)
    expected = attention_loss(ours.log(), theirs.log(), batch.lengths)
    expected = expected / attention_loss(uniform, theirs.log(), batch.lengths)
    found = objective.inside((ours,), batch)
    torch.testing.assert_close(found[0], expected.detach(), atol=1e-5, rtol=1e-4)
    nothing = torch.full_like(theirs, 1 / theirs.shape[-1])
    assert objective.inside((nothing,), batch).item() == pytest.approx(1, abs=1e-5)
    assert objective.inside((theirs,), batch).item() == pytest.approx(0, abs=1e-6)


def test_a_weight_that_became_zero_is_no_infinity(teacher, student):
    objective = Attention(SOFT, student, TeacherInside(teacher), LAYERS)
    one = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).expand(1, 2, 2, 2)
    lengths = torch.tensor([2])
    assert objective.missing(0, one, one, lengths) == 0
    turned = objective.missing(0, one.flip(-1), one, lengths)
    assert turned.isfinite() and turned > 1


def test_the_loss_is_that_of_the_logits_and_weighs_what_is_missing(teacher, student):
    task = make_task(9)
    batch = task.with_soft_targets(predict_logits(teacher, task)).collate(range(9))
    given = shown(student, batch)
    objective = Attention(SOFT, student, TeacherInside(teacher), LAYERS, weight=0.5)
    expected = Distillation(SOFT)(given[0], batch)
    expected = expected + 0.5 * objective.inside(given[1:], batch).mean()
    torch.testing.assert_close(objective(given, batch), expected)


def test_a_student_learns_to_look_where_its_teacher_does(teacher, tmp_path):
    """And the teacher, though it has dropout, stays as it was."""
    student = make_bert(tmp_path / "wide", num_hidden_layers=1, **STILL)
    task, before = make_task(64), weights(teacher)
    taught = task.with_soft_targets(predict_logits(teacher, task))
    objective = Attention(SOFT, student, TeacherInside(teacher), {0: 0}, weight=5.0)
    batch = make_task(20, 1).collate(range(20))
    missing = []
    for epochs in (0, 15):
        if epochs:
            train(
                student,
                taught,
                task,
                epochs=epochs,
                batch_size=16,
                learning_rate=1e-2,
                objective=objective,
            )
        with torch.no_grad():
            given = shown(student, batch)
            missing.append(objective.inside(given[1:], batch).item())
    assert missing[1] < 0.7 * missing[0]
    assert torch.equal(weights(teacher), before)


def test_what_does_not_fit_is_said_before_the_first_step(teacher, student, tmp_path):
    inside = TeacherInside(teacher)
    lstm = LSTMClassifier(12, 2, 4, 3)
    odd = make_bert(tmp_path / "odd", num_attention_heads=4, **STILL)
    for message, one, other, layers in (
        ("student is a LSTMClassifier, which shows no attention", lstm, inside, LAYERS),
        ("teacher is a LSTMClassifier, which shows no attention: give a BertClassifier",
         student, TeacherInside(lstm), {0: 0}),
        ("student's attention has 4 heads and the teacher's 2", odd, inside, LAYERS),
        ("the teacher has no layer 3, only 0 to 2", student, inside, {0: 3}),
        ("drops some of its attention", keep_layers(teacher, [0]), inside, LAYERS),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message) as error:
            Attention(SOFT, one, other, layers)
        assert "\n" not in str(error.value)


def test_a_student_that_was_looked_at_is_in_the_mode_that_it_was_in(teacher, student):
    for mode in (True, False):
        Attention(SOFT, student.train(mode), TeacherInside(teacher), LAYERS)
        assert student.training == mode
