"""Fine-tune a small BERT on IMDB, and keep what it says of every review.

`python -m experiments.minilm_on_imdb` fine-tunes all of the carried MiniLM for one
epoch, on the first and the last 64 word pieces of a review, and writes
book/records/soft-targets-imdb-minilm.safetensors: logits and digests, no text. About an
hour of one core that knows bfloat16 (ACCELERATE_MIXED_PRECISION=bf16); a run that was
stopped goes on. On a GPU, `python -m course_lib soft-targets --data imdb` makes the
soft targets of a longer training on longer texts.
"""

from pathlib import Path

import torch
from transformers import AutoTokenizer

from course_lib.batches import Examples
from course_lib.models import BertClassifier, find_pretrained
from course_lib.scale import current_scale
from course_lib.soft_target_files import make_once, tokenizer_digest
from course_lib.splits import prepare
from course_lib.text import encode_pieces
from course_lib.training import train
from experiments.kept import FOLDER

MAX_TOKENS = 128
EPOCHS = 1
LEARNING_RATE = 5e-5
OUT = Path("book/records/soft-targets-imdb-minilm.safetensors")


def main() -> None:
    """Train the teacher, ask it about all reviews, and write its answers."""
    splits = prepare("imdb", current_scale(), seed=0)
    pretrained = find_pretrained()
    tokenizer = AutoTokenizer.from_pretrained(pretrained)

    def examples(texts: list[str], labels: torch.Tensor) -> Examples:
        return Examples(encode_pieces(texts, tokenizer, MAX_TOKENS), labels)

    parts = {
        name: examples(splits.reviews[name].texts, getattr(splits, name).labels)
        for name in ("train", "validation")
    }
    torch.manual_seed(0)
    teacher = BertClassifier(pretrained, len(splits.label_names))
    train(
        teacher,
        parts["train"],
        parts["validation"],
        epochs=EPOCHS,
        batch_size=32,
        learning_rate=LEARNING_RATE,
        checkpoint=FOLDER / "minilm-on-imdb" / "teacher.safetensors",
        progress="teacher",
    )
    texts = [text for part in splits.reviews.values() for text in part.texts]
    said = make_once(
        teacher,
        examples(texts, torch.zeros(len(texts), dtype=torch.long)),
        texts,
        splits.label_names,
        name=f"MiniLM, {MAX_TOKENS} tokens, {EPOCHS} epoch",
        tokenizer=tokenizer_digest(tokenizer),
        max_tokens=MAX_TOKENS,
        folder=FOLDER / "minilm-on-imdb",
    )
    said.write(OUT)


if __name__ == "__main__":
    main()
