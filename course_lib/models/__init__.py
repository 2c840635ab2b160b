"""Teachers and students: everything here maps `(tokens, lengths)` to logits.

`tokens` is (batch, tokens) int64 with `PADDING` behind each review's end, `lengths` is
(batch,) int64, and the logits are (batch, labels). However much padding a batch has, a
review's logits stay the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from course_lib.models.bag import BagOfEmbeddings
from course_lib.models.bert import (
    BertClassifier,
    FrozenBertClassifier,
    MeanBertClassifier,
)
from course_lib.models.convolution import TextCNN
from course_lib.models.embeddings import (
    FactorisedEmbedding,
    QuantisedEmbedding,
    quantise,
)
from course_lib.models.export import OnnxModel, export_onnx
from course_lib.models.finding import find_pretrained, pretrained_name
from course_lib.models.labelwise import LabelwiseLSTM, WideLabelwiseLSTM
from course_lib.models.layers import evenly, keep_layers, start_from
from course_lib.models.ngrams import NgramLSTM, NgramTable
from course_lib.models.pooling import (
    last_token,
    masked_mean_and_max,
    places_in_text,
    reverse_within_length,
)
from course_lib.models.pretrained import load_tokenizer
from course_lib.models.recurrent import (
    GRUClassifier,
    LSTMClassifier,
    RNNClassifier,
)
from course_lib.models.sizes import count_parameters, file_bytes

__all__ = [
    "ARCHITECTURES",
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
    "NgramLSTM",
    "NgramTable",
    "OnnxModel",
    "QuantisedEmbedding",
    "RNNClassifier",
    "Recipe",
    "Sizes",
    "TextCNN",
    "WideLabelwiseLSTM",
    "count_parameters",
    "evenly",
    "export_onnx",
    "file_bytes",
    "find_pretrained",
    "keep_layers",
    "last_token",
    "load_tokenizer",
    "masked_mean_and_max",
    "places_in_text",
    "pretrained_name",
    "quantise",
    "reverse_within_length",
    "sizes",
    "start_from",
]


#: What a recipe, or the file of a saved student, may name.
ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    kind.__name__: kind
    for kind in (
        BagOfEmbeddings,
        BertClassifier,
        FrozenBertClassifier,
        GRUClassifier,
        LabelwiseLSTM,
        LSTMClassifier,
        MeanBertClassifier,
        NgramLSTM,
        RNNClassifier,
        TextCNN,
        WideLabelwiseLSTM,
    )
}


@dataclass(frozen=True)
class Recipe:
    """What a model is made of, and how fast it should learn: data, to print and keep.

    >>> bag = Recipe("BagOfEmbeddings", {"embedding_size": 4}, learning_rate=1e-2)
    >>> bag.build(vocabulary_size=10, num_labels=2)
    BagOfEmbeddings(
      (embedding): Embedding(10, 4, padding_idx=0)
      (dropout): Dropout(p=0.3, inplace=False)
      (head): Linear(in_features=4, out_features=2, bias=True)
    )
    """

    architecture: str  # a name in ARCHITECTURES
    sizes: Mapping[str, Any]  # its arguments besides vocabulary and labels
    learning_rate: float
    reads: Literal["words", "pieces"] = "words"  # pieces: BERT's own vocabulary
    # Words start from `word_vectors`, which no label is needed for.
    from_word_vectors: bool = False
    least_epochs: int = 3  # however many reviews there are

    def build(self, vocabulary_size: int, num_labels: int) -> nn.Module:
        """Return a new model; torch's seed decides its weights."""
        kind = ARCHITECTURES[self.architecture]
        if self.reads == "words":
            return kind(vocabulary_size, num_labels, **self.sizes)
        pretrained = self.sizes.get("pretrained") or find_pretrained()
        return kind(num_labels=num_labels, **{**self.sizes, "pretrained": pretrained})


# The one place where a name on the command line becomes a model.
TEACHERS = {
    # 64 features a word, 64 hidden units a direction.
    "lstm": Recipe(
        "LSTMClassifier", {"embedding_size": 64, "hidden_size": 64}, learning_rate=4e-3
    ),
    # Words that know their neighbours before the first label is read.
    "lstm-vectors": Recipe(
        "LSTMClassifier",
        {"embedding_size": 100, "hidden_size": 64},
        learning_rate=4e-3,
        from_word_vectors=True,
        least_epochs=2,  # it knows much from the start, and a third makes it worse
    ),
    # BERT has words of its own. The rate is the middle one of the three that Devlin et
    # al. (2019, appendix A.3) advise: BERT-base learns well with the lowest, a BERT of
    # six layers with the highest, and both with this.
    "bert": Recipe("BertClassifier", {}, learning_rate=3e-5, reads="pieces"),
    # A linear layer starts from nothing and cannot spoil what BERT knows.
    "bert-head": Recipe("FrozenBertClassifier", {}, learning_rate=1e-3, reads="pieces"),
}
STUDENTS = {
    "bag": Recipe("BagOfEmbeddings", {"embedding_size": 32}, learning_rate=3e-2),
    "textcnn": Recipe(
        "TextCNN", {"embedding_size": 32, "num_filters": 64}, learning_rate=8e-3
    ),
    "rnn": Recipe(
        "RNNClassifier", {"embedding_size": 32, "hidden_size": 32}, learning_rate=5e-3
    ),
    "gru": Recipe(
        "GRUClassifier", {"embedding_size": 32, "hidden_size": 32}, learning_rate=1e-2
    ),
    # Under a quarter of the LSTM teacher's parameters.
    "lstm": Recipe(
        "LSTMClassifier", {"embedding_size": 15, "hidden_size": 24}, learning_rate=2e-2
    ),
    "lstm-factorised": Recipe(
        "LSTMClassifier",
        {"embedding_size": 64, "hidden_size": 48, "rank": 12},
        learning_rate=1e-2,
    ),
    # A million numbers, a quarter of them for n-grams: what fits in two megabytes.
    "ngram-lstm": Recipe(
        "NgramLSTM",
        {"embedding_size": 36, "hidden_size": 48, "places": 2**17, "ends": 128},
        learning_rate=6e-3,
        from_word_vectors=True,
    ),
}


@dataclass(frozen=True)
class Sizes:
    """What a model is going to take."""

    parameters: int
    trainable: int
    bytes: int  # of its weights; a file has a header of a few kB besides


def sizes(recipe: Recipe, vocabulary_size: int, num_labels: int) -> Sizes:
    """Return how big a model will be, without making room for one weight of it.

    >>> sizes(STUDENTS["lstm"], vocabulary_size=20_000, num_labels=2)
    Sizes(parameters=308066, trainable=308066, bytes=1232264)
    """
    with torch.device("meta"):
        model = recipe.build(vocabulary_size, num_labels)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    weights = sum(tensor.nbytes for tensor in model.state_dict().values())
    return Sizes(count_parameters(model), trainable, weights)
