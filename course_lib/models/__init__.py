"""Teachers and students: everything here maps `(tokens, lengths)` to logits.

`tokens` is (batch, tokens) int64 with `PADDING` behind each review's end, `lengths` is
(batch,) int64, and the logits are (batch, labels). However much padding a batch has, a
review's logits stay the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from course_lib.models.bag import BagOfEmbeddings
from course_lib.models.bert import (
    BertClassifier,
    FrozenBertClassifier,
    MeanBertClassifier,
    find_pretrained,
)
from course_lib.models.convolution import TextCNN
from course_lib.models.embeddings import (
    FactorisedEmbedding,
    QuantisedEmbedding,
    quantise,
)
from course_lib.models.export import export_onnx
from course_lib.models.labelwise import LabelwiseLSTM, WideLabelwiseLSTM
from course_lib.models.layers import keep_layers
from course_lib.models.pooling import masked_mean_and_max, reverse_within_length
from course_lib.models.recurrent import GRUClassifier, LSTMClassifier
from course_lib.models.sizes import count_parameters, file_bytes

__all__ = [
    "STUDENTS",
    "TEACHERS",
    "BagOfEmbeddings",
    "BertClassifier",
    "FactorisedEmbedding",
    "FrozenBertClassifier",
    "GRUClassifier",
    "LSTMClassifier",
    "LabelwiseLSTM",
    "MeanBertClassifier",
    "QuantisedEmbedding",
    "Recipe",
    "Sizes",
    "TextCNN",
    "WideLabelwiseLSTM",
    "count_parameters",
    "export_onnx",
    "file_bytes",
    "find_pretrained",
    "keep_layers",
    "masked_mean_and_max",
    "quantise",
    "reverse_within_length",
    "sizes",
]


@dataclass(frozen=True)
class Recipe:
    """How to make a model from the sizes of a task, and how fast it should learn."""

    build: Callable[[int, int], nn.Module]  # of vocabulary size and number of labels
    learning_rate: float
    reads: Literal["words", "pieces"] = "words"  # pieces: BERT's own vocabulary
    # Words start from `word_vectors`, which no label is needed for.
    from_word_vectors: bool = False
    least_epochs: int = 3  # however many reviews there are


# The one place where a name on the command line becomes a model.
TEACHERS = {
    # 64 features a word, 64 hidden units a direction.
    "lstm": Recipe(lambda v, n: LSTMClassifier(v, n, 64, 64), learning_rate=4e-3),
    # Words that know their neighbours before the first label is read.
    "lstm-vectors": Recipe(
        lambda v, n: LSTMClassifier(v, n, 100, 64),
        learning_rate=4e-3,
        from_word_vectors=True,
        least_epochs=2,  # it knows much from the start, and a third makes it worse
    ),
    # BERT has words of its own. The rate is the middle one of the three that Devlin et
    # al. (2019, appendix A.3) advise: BERT-base learns well with the lowest, a BERT of
    # six layers with the highest, and both with this.
    "bert": Recipe(
        lambda _, n: BertClassifier(find_pretrained(), n),
        learning_rate=3e-5,
        reads="pieces",
    ),
    # A linear layer starts from nothing and cannot spoil what BERT knows.
    "bert-head": Recipe(
        lambda _, n: FrozenBertClassifier(find_pretrained(), n),
        learning_rate=1e-3,
        reads="pieces",
    ),
}
STUDENTS = {
    "bag": Recipe(lambda v, n: BagOfEmbeddings(v, n, 32), learning_rate=3e-2),
    "textcnn": Recipe(lambda v, n: TextCNN(v, n, 32, 64), learning_rate=8e-3),
    "gru": Recipe(lambda v, n: GRUClassifier(v, n, 32, 32), learning_rate=1e-2),
    # Under a quarter of the LSTM teacher's parameters.
    "lstm": Recipe(lambda v, n: LSTMClassifier(v, n, 15, 24), learning_rate=2e-2),
    "lstm-factorised": Recipe(
        lambda v, n: LSTMClassifier(v, n, 64, 48, rank=12), learning_rate=1e-2
    ),
}


@dataclass(frozen=True)
class Sizes:
    """What a model is going to take."""

    parameters: int
    trainable: int
    bytes: int  # of its safetensors file


def sizes(recipe: Recipe, vocabulary_size: int, num_labels: int) -> Sizes:
    """Return how big a model will be, without making room for one weight of it.

    >>> sizes(STUDENTS["lstm"], vocabulary_size=20_000, num_labels=2)
    Sizes(parameters=308066, trainable=308066, bytes=1233192)
    """
    with torch.device("meta"):
        model = recipe.build(vocabulary_size, num_labels)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return Sizes(count_parameters(model), trainable, file_bytes(model))
