"""How good can a teacher from scratch be on IMDB? `python -m experiments.teachers`.

Three networks that know nothing but the course's reviews, and a bag of words that is
hard to beat, each read on all 25,000 test reviews. Writes
book/records/teachers-imdb.json; half an hour of one core, and a run that was stopped
goes on.
"""

import time
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from course_lib import comparison, records
from course_lib.comparison import Reading
from course_lib.devices import accelerator
from course_lib.models import STUDENTS, TEACHERS
from course_lib.scale import Scale, current_scale
from course_lib.splits import Splits, prepare
from course_lib.teachers import epochs_for, fit
from course_lib.text import tokenize
from experiments.kept import FOLDER, kept

SEEDS = (0, 1, 2)
NETWORKS = {
    "textcnn": STUDENTS["textcnn"],
    "lstm": TEACHERS["lstm"],
    "lstm-vectors": TEACHERS["lstm-vectors"],
}
STRENGTHS = (1.0, 10.0, 100.0)  # of the bag of words, chosen on validation


def bag_of_words(splits: Splits) -> Reading:
    """Return what TF-IDF of words and pairs says, with logistic regression.

    The features are those of Wang and Manning (2012), *Baselines and bigrams*.
    """
    train, validation, test = (
        splits.reviews[name] for name in ("train", "validation", "test")
    )
    features = TfidfVectorizer(
        tokenizer=tokenize,
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, 2),
        min_df=2,
        sublinear_tf=True,
        dtype=np.float32,
    )
    x = features.fit_transform(train.texts)
    held_out = features.transform(validation.texts)
    models = [
        LogisticRegression(C=c, solver="liblinear").fit(x, train.labels)
        for c in STRENGTHS
    ]
    best = max(models, key=lambda model: model.score(held_out, validation.labels))
    start = time.perf_counter()
    scores = best.decision_function(features.transform(test.texts))
    seconds = time.perf_counter() - start
    parameters = best.coef_.size + 1
    logits = np.stack([-scores / 2, scores / 2], axis=1).astype(np.float32)
    return Reading(logits, parameters, 4 * parameters, len(test) / seconds)


def trained(
    splits: Splits, name: str, scale: Scale, seed: int, folder: Path
) -> Reading:
    """Train a network from a seed and read the test with it."""
    words = {"train": splits.train, "validation": splits.validation}
    place = folder / f"{name}-{seed}"
    model = fit(NETWORKS[name], words, splits, scale, seed, "teacher", place)
    return comparison.read(model, splits.test, f"test: {name} {seed}")


def main() -> None:
    """Train what was not trained before, and write the record."""
    scale = current_scale()
    splits = prepare("imdb", scale, seed=0)
    folder = FOLDER / f"teachers-{scale.name}"
    runs = []
    for seed in SEEDS:
        # It has no seed: the same reading in every run.
        run = {"bag-of-words": kept(folder, "tfidf", partial(bag_of_words, splits))}
        for name in NETWORKS:
            network = partial(trained, splits, name, scale, seed, folder)
            run[name] = kept(folder, f"{name}-seed-{seed}", network)
        runs.append(run)
    record: records.Record = {
        "data": splits.data,
        "device": records.device_name(accelerator().device),
        "precision": accelerator().mixed_precision,
        "scale": scale.name,
        "seeds": list(SEEDS),
        "versions": records.versions(),
        "sizes": {name: len(part) for name, part in splits.reviews.items()},
        "max_tokens": splits.max_tokens,
        "vocabulary_size": splits.vocabulary_size,
        "epochs": {
            name: epochs_for(recipe, splits, scale) for name, recipe in NETWORKS.items()
        },
    }
    record |= comparison.compare(
        runs,
        splits.test.truth.numpy(),
        differences={
            f"{name}_minus_bag_of_words": (name, "bag-of-words") for name in NETWORKS
        }
        | {"vectors_minus_random": ("lstm-vectors", "lstm")},
    )
    records.write(Path("book/records/teachers-imdb.json"), record)
    print(records.table(record, {name: name for name in runs[0]}))


if __name__ == "__main__":
    main()
