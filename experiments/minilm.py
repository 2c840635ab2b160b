"""Fine-tune a small BERT on a data set, and keep what it says of every text.

`python -m experiments.minilm imdb` fine-tunes all of the carried MiniLM on the training
reviews and writes book/records/soft-targets-imdb-minilm.safetensors: logits and
digests, no text. `imdb-genres` and `goemotions` are the multi-label teachers; the
latter also speaks of the comments that are made for its student. Each takes about an
hour of one core that knows bfloat16 (ACCELERATE_MIXED_PRECISION=bf16); a run that was
stopped goes on. On a GPU, `python -m course_lib soft-targets --data imdb` makes the
soft targets of a longer training on longer texts.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from sklearn.linear_model import LogisticRegression
from torch import nn
from transformers import PreTrainedTokenizerBase

from course_lib.batches import Examples
from course_lib.experiment import FOLDER, Experiment
from course_lib.models import (
    BertClassifier,
    MeanBertClassifier,
    find_pretrained,
    load_tokenizer,
)
from course_lib.models.finding import SMALL, pretrained_name
from course_lib.scale import current_scale
from course_lib.soft_target_cache import make_once
from course_lib.soft_target_files import SoftTargets, tokenizer_digest
from course_lib.soft_targets import predict_logits
from course_lib.splits import Splits, prepare
from course_lib.text import encode_pieces
from experiments.augment import transfer_texts


@dataclass(frozen=True)
class Plan:
    """How long the teacher reads, how often, and how fast it learns.

    With `head_first`, a linear head on the mean over tokens is fitted before all is
    fine-tuned: rare labels else take epochs to be found, and a random head distorts
    what BERT knows (Kumar et al. 2022, *Fine-tuning can distort pretrained features*).
    """

    max_tokens: int
    epochs: int
    learning_rate: float
    head_first: bool = False
    data: str | None = None  # if it is not what the plan is called


PLANS = {
    # The first and the last 64 word pieces.
    "imdb": Plan(128, epochs=1, learning_rate=5e-5),
    # Twice as much of each review, twice: four hours of one core.
    "imdb-256": Plan(256, epochs=2, learning_rate=5e-5, data="imdb"),
    "imdb-genres": Plan(128, epochs=1, learning_rate=1e-4, head_first=True),
    # Whole comments.
    "goemotions": Plan(64, epochs=2, learning_rate=1e-4, head_first=True),
}


def out(data: str) -> Path:
    """Return where the soft targets of a data set are committed."""
    return Path(f"book/records/soft-targets-{data}-minilm.safetensors")


def small_bert() -> str:
    """Return where MiniLM is. Raises `ValueError` if the BERT here is another."""
    found = find_pretrained()
    if pretrained_name(found) != SMALL:
        raise ValueError(
            f"this is about {SMALL}, and the BERT here is {found}: unset COURSE_BERT, "
            "or set COURSE_SCALE=cpu"
        )
    return found


def ask(data: str, splits: Splits, texts: list[str]) -> SoftTargets:
    """Train the teacher of a data set, or find it trained, and ask it about texts."""
    plan = PLANS[data]
    pretrained = small_bert()
    tokenizer, _ = load_tokenizer(pretrained)
    teacher = trained(data, splits, plan, pretrained, tokenizer)
    return make_once(
        teacher,
        Examples(encode_pieces(texts, tokenizer, plan.max_tokens)),
        texts,
        splits.label_names,
        name=f"MiniLM, {plan.max_tokens} tokens, {plan.epochs} epoch"
        + ("s" if plan.epochs > 1 else ""),
        tokenizer=tokenizer_digest(tokenizer),
        max_tokens=plan.max_tokens,
        folder=FOLDER / f"minilm-on-{data}",
    )


def trained(
    data: str,
    splits: Splits,
    plan: Plan,
    pretrained: str,
    tokenizer: PreTrainedTokenizerBase,
) -> nn.Module:
    """Return the fine-tuned teacher."""
    parts = {
        name: Examples(
            encode_pieces(splits.reviews[name].texts, tokenizer, plan.max_tokens),
            getattr(splits, name).truth,
        )
        for name in ("train", "validation")
    }
    torch.manual_seed(0)
    kind = MeanBertClassifier if plan.head_first else BertClassifier
    teacher = kind(pretrained, len(splits.label_names))
    if isinstance(teacher, MeanBertClassifier):
        fit_head(teacher, parts["train"])
    return (
        Experiment(f"minilm-on-{data}", splits, [0], current_scale())
        .fitted(
            "teacher",
            teacher,
            parts["train"],
            validation=parts["validation"],
            epochs=plan.epochs,
            batch_size=32,
            learning_rate=plan.learning_rate,
            seed=0,
        )
        .model
    )


def fit_head(model: MeanBertClassifier, examples: Examples) -> None:
    """Give each label a logistic regression on what the encoder makes of texts."""
    head, model.head = model.head, nn.Identity()  # type: ignore[assignment]
    features = predict_logits(model, examples, progress="features").numpy()
    model.head = head
    with torch.no_grad():
        for k, labels in enumerate(examples.truth.T.numpy()):
            fitted = LogisticRegression(max_iter=300).fit(features, labels)
            head.weight[k] = torch.from_numpy(fitted.coef_[0])
            head.bias[k] = float(fitted.intercept_[0])


def main() -> None:
    """Train a teacher, ask it about all texts, and write its answers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", choices=PLANS)
    data = parser.parse_args().data
    splits = prepare(PLANS[data].data or data, current_scale(), seed=0)
    held_out = [splits.reviews[name].texts for name in ("validation", "test")]
    texts = [text for part in (*held_out, transfer_texts(splits)) for text in part]
    smoke = current_scale().name == "smoke"
    ask(data, splits, texts).write(FOLDER / out(data).name if smoke else out(data))


if __name__ == "__main__":
    main()
