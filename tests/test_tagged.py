"""Token examples, taggers and their objectives: what is learnt is what was meant."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.batches import Examples
from course_lib.losses.tokens import TokenDistillationLoss
from course_lib.models import BagOfEmbeddings
from course_lib.models.taggers import ConvTagger, LSTMTagger
from course_lib.reviews.made_names import KINDS, SHARES, made_sentences
from course_lib.reviews.tagged import Sentence
from course_lib.soft_targets import predict_logits
from course_lib.spans import spans_of, tag_names
from course_lib.tagged import (
    IGNORED,
    Pieces,
    TokenExamples,
    pieces_of,
    tags_said,
    token_examples,
)
from course_lib.training import (
    LabelLoss,
    TokenDistillation,
    TokenLabels,
    train,
)

NAMES = ["O", "B-PER", "I-PER"]
TAGGERS = {
    "lstm": lambda: LSTMTagger(20, 3, 6, 8, dropout=0.0),
    "conv": lambda: ConvTagger(20, 3, 6, 8, dropout=0.0),
}
each_tagger = pytest.mark.parametrize("build", TAGGERS.values(), ids=TAGGERS)


class CutsInTwo:
    """A tokenizer: each word in two pieces but for short ones; a space gives none."""

    def __call__(self, words, **settings):
        assert settings["is_split_into_words"]
        self.cut = [[w[:3], w[3:]] if len(w) > 3 else [w] for w in words]
        self.cut = [[p for p in cut if p.strip()] for cut in self.cut]
        return self

    def word_ids(self):
        return [None, *(i for i, cut in enumerate(self.cut) for _ in cut), None]

    def __getitem__(self, key):
        return ["[CLS]", *(p for cut in self.cut for p in cut), "[SEP]"]

    def convert_ids_to_tokens(self, pieces):
        return pieces


def texts(count=60, seed=0):
    """A 5 begins a name, a 6 behind it goes on with it; a 9 does not count."""
    random = np.random.default_rng(seed)
    tokens, labels = [], []
    for _ in range(count):
        row = random.choice([5, 6, 7, 8, 9], size=random.integers(2, 7))
        row[0] = 5
        tags = [IGNORED if t == 9 else int(t == 5) for t in row]
        for i in range(1, len(row)):
            if row[i] == 6 and tags[i - 1] in (1, 2):
                tags[i] = 2
        tokens.append(row)
        labels.append(tags)
    wide = max(map(len, tokens))
    padded = torch.tensor([tags + [IGNORED] * (wide - len(tags)) for tags in labels])
    return TokenExamples(tokens, padded, counted=padded != IGNORED)


def test_the_first_piece_of_each_word_answers_for_it():
    sentences = [Sentence(["Zorvik", "met", "Annabel"], ["B-PER", "O", "B-PER"])]
    (cut,) = pieces_of(sentences, CutsInTwo())
    assert cut.pieces == ["[CLS]", "Zor", "vik", "met", "Ann", "abel", "[SEP]"]
    assert cut.words == [None, 0, 0, 1, 2, 2, None]
    examples = token_examples(
        [np.arange(1, 8)], [cut], [s.tags for s in sentences], NAMES
    )
    assert examples.labels.tolist() == [[-100, 1, -100, 0, 1, -100, -100]]
    assert torch.equal(examples.counted, examples.labels != IGNORED)


def test_two_words_that_look_alike_are_two():
    assert Pieces(["a", "a", "##a"], [0, 1, 1]).first == [True, True, False]


def test_a_word_of_which_nothing_is_left_is_named():
    with pytest.raises(ValueError, match="sentence 1 has a word '   ' of which"):
        pieces_of([Sentence(["Oslo"]), Sentence(["in", "   "])], CutsInTwo())


def test_tags_that_do_not_fit_are_named():
    cut = [Pieces(["a", "b"], [0, 1])]
    for tags in (["O"], ["O", "B-ORG"]):
        with pytest.raises(ValueError, match="text 0 has tags"):
            token_examples([np.array([2, 3])], cut, [tags], NAMES)


def test_examples_that_do_not_fit_are_refused():
    tokens = [np.array([2, 3])]
    for given, said in (
        ({}, "counted has shape None"),
        (
            {"counted": torch.ones(1, 3, dtype=torch.bool)},
            r"\(1, 3\); expected \(1, 2\)",
        ),
        (
            {
                "counted": torch.ones(1, 2, dtype=torch.bool),
                "soft_targets": torch.zeros(1, 2),
            },
            "soft_targets has shape",
        ),
    ):
        with pytest.raises(ValueError, match=said):
            TokenExamples(tokens, **given)


def test_a_batch_is_as_wide_as_its_longest_and_so_is_a_part_of_it():
    examples = texts().with_soft_targets(torch.randn(60, 6, 3))
    short = np.argsort([len(t) for t in examples.tokens])[:4]
    batch = examples.collate(np.append(short, 59))
    for part in (examples.collate(short), batch.part(0, 4), batch):
        width = int(part.lengths.max())
        assert part.tokens.shape[1] == part.labels.shape[1] == width
        assert part.soft_targets.shape[1:] == (width, 3)
        assert torch.equal(part.counted, part.labels != IGNORED)


@each_tagger
def test_what_a_tagger_says_does_not_depend_on_padding(build):
    torch.manual_seed(0)
    model, tokens = build().eval(), torch.tensor([[5, 6, 7]])
    alone = model(tokens, torch.tensor([3]))
    padded = torch.nn.functional.pad(tokens, (0, 9))
    together = model(padded, torch.tensor([3]))[:, :3]
    torch.testing.assert_close(alone, together)


@each_tagger
def test_logits_come_in_the_order_of_the_split_however_they_were_batched(build):
    torch.manual_seed(0)
    model, examples = build(), texts()
    said = predict_logits(model, examples)
    assert said.shape == (60, 6, 3)
    assert (said[~examples.counted] == 0).all()
    torch.testing.assert_close(said, predict_logits(model, examples, batch_size=7))
    with torch.inference_mode():
        row = examples.tokens[17]
        alone = model(torch.tensor(row)[None].long(), torch.tensor([len(row)]))[0]
    counts = examples.counted[17, : len(row)]
    torch.testing.assert_close(said[17, : len(row)][counts], alone[counts])


@each_tagger
def test_the_one_loop_trains_a_teacher_and_its_student(build):
    torch.manual_seed(0)
    teacher, examples, new = build(), texts(), texts(seed=1)
    settings = {"epochs": 12, "batch_size": 8, "learning_rate": 3e-2}
    history = train(teacher, examples, new, objective=TokenLabels(NAMES), **settings)
    best = history.epochs[history.best].validation
    assert list(best) == ["span_f1", "token_accuracy"]
    assert best["span_f1"] > 0.8

    taught = replace(examples, labels=None).with_soft_targets(
        predict_logits(teacher, examples)
    )
    student = build()
    objective = TokenDistillation(TokenDistillationLoss(2.0, alpha=1.0), NAMES)
    train(student, taught, new, objective=objective, **settings)
    assert objective.scores(predict_logits(student, new), new)["span_f1"] > 0.8


def test_scores_read_what_counts_and_nothing_else():
    examples = texts()
    logits = torch.full((60, 6, 3), 9.0)  # elsewhere it says that all is O
    right = torch.nn.functional.one_hot(examples.labels.clamp(min=0), 3).float()
    logits[examples.counted] = right[examples.counted]
    objective = TokenLabels(NAMES)
    assert objective.scores(logits, examples) == {"span_f1": 1.0, "token_accuracy": 1.0}
    said = tags_said(logits, examples.counted, NAMES)
    assert [len(tags) for tags in said] == examples.counted.sum(1).tolist()


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_what_stands_where_nothing_counts_changes_no_weight(alpha):
    """A whole run, with other labels and soft targets at all places that do not."""
    examples, new = texts(20), texts(20, seed=1)
    soft = torch.randn(20, examples.labels.shape[1], 3)
    weights = []
    for garbage in (0.0, 50.0):
        filled = soft.masked_fill(~examples.counted[..., None], garbage)
        labels = examples.labels.masked_fill(~examples.counted, int(garbage) - 100)
        torch.manual_seed(0)
        model = TAGGERS["conv"]()
        train(
            model,
            replace(examples, labels=labels).with_soft_targets(filled),
            new,
            epochs=2,
            batch_size=4,
            learning_rate=1e-2,
            objective=TokenDistillation(TokenDistillationLoss(2.0, alpha), NAMES),
        )
        weights.append(nn.utils.parameters_to_vector(model.parameters()))
    assert torch.equal(*weights)


def test_what_does_not_fit_is_said_before_the_first_step():
    good, tagger = texts(), TAGGERS["conv"]
    soft = TokenDistillation(TokenDistillationLoss(2.0, 1.0), NAMES)
    both = TokenDistillation(TokenDistillationLoss(2.0, 0.5), NAMES)
    plain = Examples(good.tokens, torch.zeros(60, dtype=torch.int64))
    logits = torch.zeros(60, 6, 3)
    settings = {"epochs": 1, "batch_size": 8, "learning_rate": 0.1}
    for model, examples, objective, said in (
        (tagger(), good, LabelLoss(), "objective for tokens"),
        (BagOfEmbeddings(20, 3, 4), plain, TokenLabels(NAMES), "objective for tokens"),
        (BagOfEmbeddings(20, 3, 4), good, TokenLabels(NAMES), "texts, tokens, tags"),
        (tagger(), plain, LabelLoss(), r"\(reviews, labels\)"),
        (tagger(), good, TokenLabels(NAMES[:2]), "3 logits a token, and there are 2"),
        (
            tagger(),
            replace(good, labels=good.labels + 9),
            TokenLabels(NAMES),
            "9 to 11",
        ),
        (tagger(), good, soft, "needs soft targets"),
        (tagger(), good.with_soft_targets(logits[..., :2]), soft, "same tags"),
        (tagger(), good.with_soft_targets(logits / 0), soft, "only numbers"),
        (
            tagger(),
            replace(good, labels=None).with_soft_targets(logits),
            both,
            "no labels, and the loss",
        ),
        (tagger(), replace(good, labels=None), TokenLabels(NAMES), "no labels"),
    ):
        with pytest.raises(ValueError, match=said):
            train(model, examples, good, objective=objective, **settings)


def test_made_sentences_are_in_bio_and_no_name_is_in_two_splits():
    seen = {}
    for split in SHARES:
        sentences = made_sentences(300, split=split)
        assert len({tuple(s.words) for s in sentences}) == 300
        assert sentences == made_sentences(300, split=split)
        for s in sentences:
            assert len(s.words) == len(s.tags) and set(s.tags) <= {*tag_names(KINDS)}
            for kind, start, stop in spans_of(s.tags):
                last = s.words[stop - 1 if kind != "ORG" else start]
                seen.setdefault(split, set()).add(last)
    for one in SHARES:
        for other in SHARES:
            if one < other:
                common = seen[one] & seen[other]
                assert {w.lower() for w in common} == set(), common
    with pytest.raises(ValueError, match="split is 'exam'"):
        made_sentences(3, split="exam")
