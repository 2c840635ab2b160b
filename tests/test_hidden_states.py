"""Objectives that look inside: what they learn, remember, refuse and leave alone."""

import pytest
import torch
from tiny_berts import make_tiny

from course_lib.batches import Examples
from course_lib.losses import DistillationLoss
from course_lib.losses.hidden import hidden_state_loss
from course_lib.models import (
    BagOfEmbeddings,
    BertClassifier,
    GRUClassifier,
    LabelwiseLSTM,
    LSTMClassifier,
)
from course_lib.soft_targets import predict_logits
from course_lib.training import (
    Distillation,
    HiddenStates,
    Relations,
    TeacherInside,
    train,
)
from tests.tasks import make_task, weights

SOFT = DistillationLoss(temperature=2.0, alpha=1.0)
OPTIONS = {"epochs": 3, "batch_size": 16, "learning_rate": 1e-2}


def make_teacher(layers=2, hidden=5, kind=LSTMClassifier):
    torch.manual_seed(0)
    return kind(12, 2, 6, hidden, num_layers=layers, dropout=0.5)


def make_student(hidden=3, seed=1):
    torch.manual_seed(seed)
    return LSTMClassifier(12, 2, 4, hidden, dropout=0.0)


def taught(teacher, task=None):
    task = task or make_task(64)
    return task.with_soft_targets(predict_logits(teacher, task))


def objective_for(student, teacher, kind=HiddenStates, **options):
    inside = TeacherInside(teacher, remember=options.pop("remember", False))
    torch.manual_seed(2)
    layers = options.pop("layers", {0: 1})
    return kind(SOFT, student, inside, layers, **options)


def given_for(student, batch):
    return student(batch.tokens, batch.lengths, with_states=True)


@pytest.mark.parametrize("kind", [LSTMClassifier, GRUClassifier])
def test_a_recurrent_model_shows_every_layer_and_the_last_is_what_it_reads(kind):
    model = make_teacher(kind=kind).eval()
    batch = make_task(5).collate([0, 1, 2])
    logits, *layers = given_for(model, batch)
    assert [layer.shape[-1] for layer in layers] == [10, 10]
    torch.testing.assert_close(layers[1], model.states(batch.tokens, batch.lengths))
    torch.testing.assert_close(logits, model(batch.tokens, batch.lengths))
    assert not torch.allclose(layers[0], layers[1])


@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_a_bert_shows_its_layers_without_the_embeddings(family, tmp_path):
    model = BertClassifier(make_tiny(family, tmp_path), 2).eval()
    batch = make_task(5).collate([0, 1, 2])
    with torch.no_grad():
        logits, *layers = given_for(model, batch)
        assert torch.equal(logits, model(batch.tokens, batch.lengths))
    assert [layer.shape[-1] for layer in layers] == [16] * 3
    assert TeacherInside(model).widths == (16, 16, 16)


def test_what_is_missing_is_one_less_the_variance_accounted_for():
    """Of a student that gives the mean state 1, and of one that agrees 0."""
    teacher, student = make_teacher().eval(), make_student()
    objective = objective_for(student, teacher)
    batch = make_task(9).collate(range(9))
    states = given_for(student, batch)[1:]
    (theirs,) = given_for(teacher, batch)[2:]
    real = torch.arange(theirs.shape[1]) < batch.lengths[:, None]
    projection = objective.projections[0]
    said, wanted = projection(states[0])[real], theirs[real]
    expected = ((said - wanted) ** 2).sum() / ((wanted - wanted.mean(0)) ** 2).sum()
    torch.testing.assert_close(objective.inside(states, batch)[0], expected)
    with torch.no_grad():
        projection.weight.zero_()
        projection.bias.copy_(wanted.mean(0))
    assert objective.inside(states, batch).item() == pytest.approx(1, abs=1e-5)
    same = objective_for(teacher, teacher, layers={1: 1}, project=False)
    own = given_for(teacher, batch)[1:]
    assert same.inside(own, batch).item() == pytest.approx(0, abs=1e-6)


def test_relations_of_a_student_to_whom_all_words_are_alike_miss_everything():
    teacher, student = make_teacher().eval(), make_student()
    objective = objective_for(student, teacher, Relations)
    batch = make_task(9).collate(range(9))
    states = given_for(student, batch)[1:]
    nothing = tuple(torch.zeros_like(layer) for layer in states)
    assert objective.inside(nothing, batch).item() == pytest.approx(1, abs=1e-5)
    same = objective_for(teacher, teacher, Relations, layers={1: 1})
    own = given_for(teacher, batch)[1:]
    assert same.inside(own, batch).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("kind", [HiddenStates, Relations])
def test_the_loss_is_that_of_the_logits_and_weighs_the_mean_over_pairs(kind):
    teacher, student = make_teacher().eval(), make_student()
    task = taught(teacher, make_task(9))
    batch = task.collate(range(9))
    given = given_for(student, batch)
    plain = Distillation(SOFT)(given[0], batch)
    both = objective_for(student, teacher, kind, layers={0: 1}, weight=0.5)
    expected = plain + 0.5 * both.inside(given[1:], batch).mean()
    torch.testing.assert_close(both(given, batch), expected)
    none = objective_for(student, teacher, kind, weight=0.0)
    torch.testing.assert_close(none(given, batch), plain)


def test_a_projection_is_trained_with_the_student_and_a_frozen_one_is_not():
    teacher = make_teacher()
    found = {}
    for frozen in (False, True):
        student = make_student()
        objective = objective_for(student, teacher, weight=5.0)
        objective.projections.requires_grad_(not frozen)
        before = weights(objective.projections)
        history = train(
            student,
            taught(teacher),
            make_task(9, 1),
            objective=objective,
            **{**OPTIONS, "epochs": 12},
        )
        assert torch.equal(weights(objective.projections), before) == frozen
        found[frozen] = history.epochs[-1].train_loss
    assert found[False] < 0.9 * found[True]


def test_the_teacher_stays_as_it_was_and_is_asked_without_dropout():
    teacher = make_teacher().train()
    before = weights(teacher)
    student = make_student()
    objective = objective_for(student, teacher)
    train(student, taught(teacher), make_task(9, 1), objective=objective, **OPTIONS)
    assert torch.equal(weights(teacher), before)
    batch = make_task(9).collate(range(9))
    objective.train()
    one, two = objective.teacher(batch), objective.teacher(batch)
    assert torch.equal(one[1], two[1])
    alone = given_for(teacher.eval(), batch)[2]
    torch.testing.assert_close(one[1], alone, atol=1e-6, rtol=1e-5)


def test_what_is_remembered_is_what_would_be_said_however_texts_are_batched():
    teacher, task = make_teacher(), make_task(20)
    live, kept = TeacherInside(teacher), TeacherInside(teacher, remember=True)
    for places in ([0, 1, 2, 3], [3, 9, 1], [9, 4, 5], [0, 19]):
        batch = task.collate(places)
        for layer, again in zip(live(batch), kept(batch), strict=True):
            real = torch.arange(layer.shape[1]) < batch.lengths[:, None]
            torch.testing.assert_close(again[real], layer[real], atol=1e-6, rtol=1e-5)
            assert again.shape == layer.shape


def test_what_is_remembered_has_whole_precision_whatever_the_teacher_answers_in():
    kept, task = TeacherInside(make_teacher(), remember=True), make_task(4)
    with torch.autocast("cpu", torch.bfloat16):
        said = kept(task.collate([0, 1, 2, 3]))
    assert [layer.dtype for layer in said] == [torch.float32] * len(said)


def test_a_remembered_teacher_is_asked_once_about_each_text():
    teacher, task = make_teacher(), make_task(32)
    kept, examples = TeacherInside(teacher, remember=True), taught(teacher, task)
    asked = []
    teacher.register_forward_hook(lambda *_: asked.append(1))
    for seed, batches in ((1, 2), (2, 0)):
        student = make_student(seed=seed)
        objective = HiddenStates(SOFT, student, kept, {0: 1})
        asked.clear()
        train(student, examples, task, objective=objective, **OPTIONS)
        assert len(asked) == batches  # of the first epoch


def test_two_models_are_as_good_with_a_memory_and_without():
    teacher, found = make_teacher(), []
    for remember in (False, True):
        student = make_student()
        objective = objective_for(student, teacher, remember=remember)
        train(student, taught(teacher), make_task(9, 1), objective=objective, **OPTIONS)
        found.append(weights(student))
    torch.testing.assert_close(*found, atol=1e-4, rtol=1e-4)


def test_an_objective_says_what_it_is_made_of():
    said = repr(objective_for(make_student(), make_teacher(), Relations, heads=2))
    assert "temperature=2.0, alpha=1.0" in said
    assert "layers={0: 1}, weight=1.0, heads=2" in said
    moved = objective_for(make_student(), make_teacher())
    still = objective_for(make_student(), make_teacher())
    still.projections.requires_grad_(False)
    assert repr(moved) != repr(still)  # or one would be found for the other


def refuse(message, *models, kind=HiddenStates, layers=None, **options):
    student, teacher = models
    with pytest.raises(ValueError, match=message) as error:
        objective_for(student, teacher, kind, layers=layers or {0: 1}, **options)
    assert "\n" not in str(error.value)


def test_what_does_not_fit_is_said_before_the_first_step():
    student, teacher = make_student(), make_teacher()
    refuse("the teacher has no layer 2, only 0 to 1", student, teacher, layers={0: 2})
    refuse("the student has no layer 1, only 0 to 0", student, teacher, layers={1: 1})
    refuse("the teacher has no layer -1", student, teacher, layers={0: -1})
    refuse("the teacher has no layer 'last'", student, teacher, layers={0: "last"})
    refuse(
        "student's states are 6 wide .* teacher's 10", student, teacher, project=False
    )
    bag = BagOfEmbeddings(12, 2, 4)
    refuse("the student is a BagOfEmbeddings, which shows no hidden", bag, teacher)
    blind = LabelwiseLSTM(12, 2, 4, 3)
    refuse("the teacher is a LabelwiseLSTM, which shows no hidden", student, blind)
    refuse("weight is -1", student, teacher, weight=-1)
    refuse("10 wide, which 4 heads", student, teacher, kind=Relations, heads=4)
    with pytest.raises(ValueError, match=r"layers is \{\}; expected pairs"):
        HiddenStates(SOFT, student, TeacherInside(teacher), {})


def test_soft_targets_are_needed_and_labels_where_the_loss_reads_them():
    student, teacher = make_student(), make_teacher()
    objective = objective_for(student, teacher)
    with pytest.raises(ValueError, match="distillation needs soft targets"):
        train(student, make_task(9), make_task(9, 1), objective=objective, **OPTIONS)
    unknown = Examples(make_task(64).tokens, None, taught(teacher).soft_targets)
    train(student, unknown, make_task(9, 1), objective=objective, **OPTIONS)


def test_a_teacher_whose_states_never_change_gives_a_finite_loss():
    states = torch.ones(2, 3, 4)
    objective = objective_for(make_student(), make_teacher())
    objective.projections[0] = torch.nn.Linear(6, 4)
    lengths = torch.tensor([3, 2])
    loss = objective.missing(0, torch.zeros(2, 3, 6), states, lengths)
    assert loss.isfinite()
    assert hidden_state_loss(states, states, lengths) == 0
