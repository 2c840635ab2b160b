"""Sequences: what is read and asked, writers, and answers that a student writes."""

import copy

import numpy as np
import pytest
import torch

from course_lib.losses.tokens import (
    TokenDistillationLoss,
    generalised_js_loss,
    token_label_loss,
)
from course_lib.mean_comparison import compare_means
from course_lib.models.writers import Writer
from course_lib.reviews.made_facts import NAMES, RELATIONS, made_facts, made_questions
from course_lib.reviews.made_language import (
    DIALECTS,
    NOUNS,
    VOCABULARY,
    made_pairs,
    translations,
)
from course_lib.sequences import END, GO, Words, left_padded, sequence_examples
from course_lib.training import train
from course_lib.training.checkpoints import CheckpointError
from course_lib.training.writing import NextWord, NextWordDistillation, OwnAnswers

PROMPTS = [[5, 6, GO], [7, GO], [8, 8, 5, GO]]
ANSWERS = [[4, 3, END], [6, END], [END]]


@pytest.fixture
def writer():
    torch.manual_seed(0)
    return Writer(12, 8, 1)


def test_the_loss_is_that_of_transformers_which_shifts_by_itself(writer):
    batch = sequence_examples(PROMPTS, ANSWERS).collate(np.arange(3))
    ours = token_label_loss(
        writer(batch.tokens, batch.lengths), batch.labels, batch.counted
    )
    wide = max(len(p) + len(a) for p, a in zip(PROMPTS, ANSWERS, strict=True))
    whole, asked = torch.zeros(3, wide).long(), torch.full((3, wide), -100)
    for i, (prompt, answer) in enumerate(zip(PROMPTS, ANSWERS, strict=True)):
        row = torch.tensor(prompt + answer)
        whole[i, : len(row)] = row
        asked[i, len(prompt) : len(row)] = row[len(prompt) :]
    theirs = writer.gpt(input_ids=whole, labels=asked).loss
    torch.testing.assert_close(ours, theirs)


def test_padding_changes_no_logits_of_a_text(writer):
    texts = sequence_examples(PROMPTS, ANSWERS)
    together = texts.collate(np.arange(3))
    for i in range(3):
        alone = texts.collate(np.array([i]))
        size = alone.tokens.shape[1]
        torch.testing.assert_close(
            writer(alone.tokens, alone.lengths)[0],
            writer(together.tokens, together.lengths)[i, :size],
        )


def test_an_answer_does_not_depend_on_the_prompts_beside_it(writer):
    with torch.no_grad():
        for p in writer.gpt.parameters():
            p.mul_(4)  # so that what it reads decides what it says
    prompts = [[5 + i % 7, GO] for i in range(7)] + [[5, 9, 7, 8, 6, 11, 5, GO]]
    together = writer.write(prompts, most=6)
    assert together == [writer.write([prompt], most=6)[0] for prompt in prompts]


def test_greedy_is_the_likeliest_word_again_and_again(writer):
    row = list(PROMPTS[0])
    for word in writer.write([PROMPTS[0]], most=5)[0]:
        logits = writer(torch.tensor([row]), torch.tensor([len(row)]))
        assert word == logits[0, -1].argmax()
        row.append(word)


def test_drawing_can_give_any_word_not_only_the_fifty_likeliest():
    torch.manual_seed(0)
    writer = Writer(200, 8, 1)
    with torch.no_grad():
        for p in writer.gpt.parameters():
            p.mul_(1e-3)  # all words as good as equally likely
    first = [a[0] for a in writer.write([[5, GO]] * 3000, most=1, sample=True)]
    assert len(set(first)) > 150


def test_writing_leaves_the_mode_as_it_was(writer):
    writer.train()
    writer.write(PROMPTS, most=2)
    assert writer.training


@pytest.mark.parametrize(
    ("prompts", "answers", "said"),
    [
        ([[5, GO]] * 2, [[4, END], [4, 3]], "answer 1 has no end"),
        ([[5, GO]], [[]], "answer 0 has no end: its last number is missing"),
        ([[5, GO]], [[END, 4]], "goes on for 1 more behind its end"),
        ([[5, 6]], [[4, END]], "prompt 0 is .5, 6. at its end"),
        ([[5, GO]], [], "1 prompts and 0 answers"),
    ],
)
def test_what_is_no_sequence_is_refused(prompts, answers, said):
    with pytest.raises(ValueError, match=said):
        sequence_examples(prompts, answers)


def test_too_long_and_unknown_are_refused(writer):
    with pytest.raises(ValueError, match="this writer has 64"):
        writer.write(PROMPTS, most=61)
    with pytest.raises(ValueError, match="'unicorn' is no word"):
        Words(["cat"]).numbers(["unicorn"])


def test_left_padding_ends_all_prompts_in_one_column():
    tokens, mask = left_padded(PROMPTS)
    assert (tokens[:, -1] == GO).all()
    assert mask.sum(1).tolist() == [3, 2, 4]
    assert (tokens[mask == 0] == 0).all()


def logits(seed=0):
    generator = torch.Generator().manual_seed(seed)
    student, teacher = torch.randn(2, 3, 5, 7, generator=generator).double()
    counted = torch.rand(3, 5, generator=generator) < 0.6
    return student, 3 * teacher, counted


@pytest.mark.parametrize("beta", [0, 1e-4, 0.1, 0.5, 0.9, 1 - 1e-4, 1])
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_the_divergence_is_its_formula(beta, temperature):
    student, teacher, counted = logits()
    p = (teacher[counted] / temperature).softmax(-1)
    q = (student[counted] / temperature).softmax(-1)
    m = beta * p + (1 - beta) * q
    if beta in (0, 1):
        a, b = (p, q) if beta == 0 else (q, p)
        truth = (a * (a / b).log()).sum(-1).mean()
    else:
        js = beta * (p * (p / m).log()) + (1 - beta) * (q * (q / m).log())
        truth = js.sum(-1).mean() / (beta * (1 - beta))
    found = generalised_js_loss(student, teacher, counted, beta, temperature)
    torch.testing.assert_close(found, temperature**2 * truth)


def test_the_divergence_has_no_jump_at_its_ends():
    student, teacher, counted = logits(1)
    for end, near in ((0, 1e-5), (1, 1 - 1e-5)):
        at, beside = (
            generalised_js_loss(student, teacher, counted, b) for b in (end, near)
        )
        torch.testing.assert_close(at, beside, rtol=1e-2, atol=1e-6)


def test_the_divergence_gives_nothing_to_the_teacher_or_to_what_does_not_count():
    student, teacher, counted = logits(2)
    student[~counted], teacher[~counted] = torch.nan, torch.inf
    student.requires_grad_(), teacher.requires_grad_()
    generalised_js_loss(student, teacher, counted, 0.3).backward()
    assert teacher.grad is None
    assert (student.grad[~counted] == 0).all()
    assert (student.grad[counted] != 0).all()


@pytest.mark.parametrize("beta", [-0.1, 1.1, "half", None])
def test_a_beta_that_is_none_is_refused(beta):
    with pytest.raises(ValueError, match="beta is"):
        generalised_js_loss(*logits(), beta)


def test_own_answers_are_the_students_and_anew_each_time(writer):
    torch.manual_seed(0)
    teacher = Writer(12, 8, 1)
    texts = OwnAnswers.of(PROMPTS, writer, teacher, most=6)
    one, other = (texts.collate(np.array([2, 0])) for _ in range(2))
    for row, prompt in ((0, PROMPTS[2]), (1, PROMPTS[0])):
        assert one.tokens[row, : len(prompt)].tolist() == prompt
        assert not one.counted[row, : len(prompt) - 1].any()
        assert one.counted[row, len(prompt) - 1]
    assert one.tokens.shape != other.tokens.shape or (one.tokens != other.tokens).any()
    said = teacher(one.tokens, one.lengths)
    torch.testing.assert_close(one.soft_targets[one.counted], said[one.counted])
    assert not one.soft_targets.requires_grad


def test_own_answers_move_the_student_and_leave_the_teacher(writer):
    torch.manual_seed(1)
    teacher = Writer(12, 8, 1)
    before = [p.clone() for p in (*teacher.parameters(), *writer.parameters())]
    names = [str(i) for i in range(12)]
    objective = NextWordDistillation(TokenDistillationLoss(1.0, 1.0), names)
    texts = OwnAnswers.of(PROMPTS, writer, teacher, most=4)
    held = sequence_examples(PROMPTS, ANSWERS)
    train(
        writer,
        texts,
        held,
        epochs=2,
        batch_size=2,
        learning_rate=1e-2,
        objective=objective,
    )
    after = [*teacher.parameters(), *writer.parameters()]
    same = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    count = len(list(teacher.parameters()))
    assert all(same[:count]) and not any(same[count:])


@pytest.mark.parametrize(("seed", "most"), [(2, 4), (1, 5)])
def test_a_run_with_another_teacher_or_longer_answers_is_another(
    writer, tmp_path, seed, most
):
    held = sequence_examples(PROMPTS, ANSWERS)
    objective = NextWordDistillation(
        TokenDistillationLoss(1.0, 1.0), list("abcdefghijkl")
    )

    def learn(seed, most):
        torch.manual_seed(seed)
        texts = OwnAnswers.of(PROMPTS, copy.deepcopy(writer), Writer(12, 8, 1), most)
        return train(
            texts.student,
            texts,
            held,
            epochs=1,
            batch_size=2,
            learning_rate=1e-2,
            objective=objective,
            checkpoint=tmp_path / "run.safetensors",
        )

    assert learn(1, 4).epochs == learn(1, 4).epochs  # the second is the first, found
    with pytest.raises(CheckpointError, match="training reviews"):
        learn(seed, most)


def test_a_teacher_with_other_words_is_refused(writer):
    names = [str(i) for i in range(12)]
    objective = NextWordDistillation(TokenDistillationLoss(1.0, 1.0), names)
    texts = OwnAnswers.of(PROMPTS, writer, Writer(9, 8, 1), most=2)
    with pytest.raises(ValueError, match="knows 9 words and the student 12"):
        objective.check(texts, 12, multilabel=False)


def test_a_writer_learns_its_end(writer):
    texts = sequence_examples([[5, GO], [6, GO]], [[3, END], [4, 4, 4, END]])
    train(
        writer,
        texts,
        texts,
        epochs=60,
        batch_size=2,
        learning_rate=2e-2,
        objective=NextWord([str(i) for i in range(12)]),
    )
    assert writer.write([[5, GO], [6, GO]], most=9) == [[3, END], [4, 4, 4, END]]


def test_pairs_are_right_in_one_dialect_and_splits_share_none():
    splits = {s: made_pairs(300, split=s) for s in ("train", "validation", "test")}
    for pairs in splits.values():
        found = [translations(english).index(other) for english, other in pairs]
        shares = np.bincount(found, minlength=4) / len(found)
        assert np.abs(shares - list(DIALECTS.values())).max() < 0.1
    texts = [{" ".join(e) for e, _ in pairs} for pairs in splits.values()]
    assert len(set.union(*texts)) == sum(map(len, texts))
    assert {w for e, o in splits["train"] for w in (*e, *o)} <= set(VOCABULARY)
    with pytest.raises(ValueError, match="split is 'dev'"):
        made_pairs(1, split="dev")


def test_a_translation_by_hand():
    hill = translations(["again", "a", "cat", "sees", "the", "old", "dog", "."])[0]
    dog_is_second = NOUNS.index("dog") % 2 == 1
    assert dog_is_second and hill[3].endswith("a") and hill[4] == "la"
    assert len(hill) == 7 and hill[-1] == "."


def test_each_question_comes_up_once_and_nobody_is_their_own_boss():
    questions = made_questions()
    whole = len(RELATIONS) ** 2 * len(NAMES)
    assert len({" ".join(asked) for asked, _ in questions}) == whole
    for whom in made_facts().values():
        assert sorted(whom.values()) == sorted(NAMES)
        assert all(name != other for name, other in whom.items())


def test_a_comparison_of_answers_is_a_mean_and_a_paired_difference():
    random = np.random.default_rng(0)
    runs = [
        {"a": random.random(400) < 0.7, "b": random.random(400) < 0.4} for _ in range(5)
    ]
    found = compare_means(runs, differences={"lead": ("a", "b")})
    mean = np.mean([run["a"].mean() for run in runs])
    assert found["a"]["metrics"]["accuracy"] == pytest.approx(mean)
    low, high = found["lead"]["interval"]
    assert low < 0.3 < high and found["lead"]["p"] < 1e-3
    assert low > 0.2


def test_objectives_with_different_losses_do_not_pass_for_one_another():
    """A checkpoint tells runs apart by this, and a plain function is no module."""

    def one(student, teacher, labels, counted):
        return student.sum()

    def other(student, teacher, labels, counted):
        return -student.sum()

    named = [repr(NextWordDistillation(loss, ["<pad>"])) for loss in (one, other)]
    assert named[0] != named[1] and all("1 words" in name for name in named)
