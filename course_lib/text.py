"""From reviews to token numbers.

This is the one place that touches torchtext, and the reason why the course pins its
version 0.6.0: later releases carry compiled code that no current torch can load, and
0.6.0 is pure Python. It is also the very interface (`Field`, `BucketIterator`,
`Vocab`) that was later moved to `torchtext.legacy` and then removed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from torchtext.data.utils import _patterns, _replacements, get_tokenizer
from torchtext.vocab import Vocab

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

T = TypeVar("T")
PADDING = 0
UNKNOWN = 1

# Scripts that put no space between words: Thai, Lao, Tibetan, Burmese, Khmer, Japanese
# and Chinese, with their punctuation marks.
SPACELESS = (
    r"\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"
    r"\u1780-\u17ff\u19e0-\u19ff\u3040-\u30ff\u31f0-\u31ff\uff65-\uff9f"
    r"\u2e80-\u2fdf\u3001-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff64"
)
# Vowel and tone marks, which belong to the letter before them.
MARKS = (
    r"\u0e31\u0e33-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb3-\u0ebc\u0ec8-\u0ece\u0f18\u0f19"
    r"\u0f35\u0f37\u0f39\u0f3e\u0f3f\u0f71-\u0f84\u0f86\u0f87\u0f8d-\u0fbc\u0fc6"
    r"\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074"
    r"\u1082-\u108d\u108f\u109a-\u109d\uaa7b-\uaa7d\u17b4-\u17d3\u17dd\u3099\u309a"
    r"\uff9e\uff9f\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef\u200d"
)
#: What `tokenize` does, for programs without torchtext: lower-case the text, replace
#: each pattern in this order, and split at white space. Burmese and Khmer may hang a
#: letter below another, and a space of no width may part words where no other does.
RULES = (
    (rf"([{SPACELESS}](?:[\u1039\u17d2][{SPACELESS}]|[{MARKS}])*)\u200b*", r" \1 "),
    *zip(_patterns, _replacements, strict=True),
)
_spaceless = re.compile(RULES[0][0])
_basic_english = get_tokenizer("basic_english")


def tokenize(text: str) -> list[str]:
    """Lower-case, split off punctuation, and split at white space.

    Chinese, Japanese, Thai, Lao, Khmer, Burmese and Tibetan put no space between words:
    there each character is a token of its own. All else is torchtext's basic_english.

    >>> tokenize("It's GOOD, 很好。")
    ['it', "'", 's', 'good', ',', '很', '好', '。']
    """
    if not text.isascii():
        text = _spaceless.sub(RULES[0][1], writable(text))
    return _basic_english(text)


def writable(text: str) -> str:
    """Join surrogates to pairs, and replace one without its other half by U+FFFD.

    A JSON file can hold a half; no UTF-8 file can, and Hugging Face tokenizers cannot
    read it.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def build_vocabulary(texts: Iterable[str], max_size: int) -> Vocab:
    """Number the words of the training texts, most frequent first.

    `max_size` counts the two special tokens: `<pad>` is 0 and `<unk>` is 1. Words of
    equal frequency are ordered alphabetically, so the result does not depend on the
    order of the texts. Raises `ValueError` if `max_size` leaves no room for a word.

    >>> build_vocabulary(["good film", "good plot"], max_size=4).itos
    ['<pad>', '<unk>', 'good', 'film']
    """
    return vocabulary_from(map(tokenize, texts), max_size)


def vocabulary_from(tokenized: Iterable[Sequence[str]], max_size: int) -> Vocab:
    """Do what `build_vocabulary` does, for texts that are lists of tokens already.

    >>> vocabulary_from([["os", "##lo"], ["os"]], max_size=4).itos
    ['<pad>', '<unk>', 'os', '##lo']
    """
    if max_size < 3:
        raise ValueError(
            f"max_size is {max_size}; it counts <pad> and <unk>, so give at least 3"
        )
    counts = Counter(chain.from_iterable(tokenized))
    return Vocab(counts, max_size=max_size - 2, specials=["<pad>", "<unk>"])


def encode(
    texts: Sequence[str], vocabulary: Vocab, max_tokens: int
) -> list[np.ndarray]:
    """Turn each text into token numbers, int32 arrays of 1 to `max_tokens` entries.

    A longer review keeps its first and its last half: the verdict often stands at the
    end (Sun et al. 2019, *How to fine-tune BERT for text classification*). A text with
    no token at all becomes a single `<unk>`, since a model needs something to read.

    >>> vocabulary = build_vocabulary(["a b c d e"], max_size=7)
    >>> encode(["a b c d e", ""], vocabulary, max_tokens=4)
    [array([2, 3, 5, 6], dtype=int32), array([1], dtype=int32)]
    """
    if max_tokens < 1:
        raise ValueError(f"max_tokens is {max_tokens}; expected at least 1")
    ends = (first_and_last(tokenize(text), max_tokens) for text in texts)
    return numbers_of(ends, vocabulary)


def numbers_of(
    tokenized: Iterable[Sequence[str]], vocabulary: Vocab
) -> list[np.ndarray]:
    """Turn lists of tokens into their numbers, int32 arrays of one entry or more.

    >>> numbers_of([["a", "b"], []], build_vocabulary(["b c"], max_size=4))
    [array([1, 2], dtype=int32), array([1], dtype=int32)]
    """
    # A plain copy: Vocab.stoi grows at each unknown word it is asked for.
    known = dict(vocabulary.stoi)
    del known["<pad>"]  # a reviewer who writes it is no padding
    numbered = ([known.get(token, UNKNOWN) for token in text] for text in tokenized)
    return [np.array(text or [UNKNOWN], dtype=np.int32) for text in numbered]


def encode_pieces(
    texts: Sequence[str], tokenizer: "PreTrainedTokenizerBase", max_tokens: int
) -> list[np.ndarray]:
    """Turn each text into the word pieces of a pre-trained model, int32 arrays.

    An array has at most `max_tokens` entries: the special tokens that the model expects
    at both ends, such as [CLS] and [SEP], and between them the whole text, or the first
    and the last half of a longer one, as in `encode`. Raises `ValueError` if there is
    no room for a piece of text.

    >>> from tokenizers import Tokenizer, models
    >>> from transformers import PreTrainedTokenizerFast
    >>> words = Tokenizer(models.WordPiece({"[UNK]": 0, "un": 1, "##able": 2}))
    >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
    >>> encode_pieces(["unable", "able"], tokenizer, max_tokens=8)
    [array([1, 2], dtype=int32), array([0], dtype=int32)]
    """
    special = tokenizer.num_special_tokens_to_add()
    if max_tokens <= special:
        raise ValueError(
            f"max_tokens is {max_tokens}; give at least {special + 1}, since this "
            f"tokenizer adds {special} special tokens"
        )
    encoded = tokenizer(
        [writable(text) for text in texts],
        split_special_tokens=True,  # a reviewer who writes [SEP] ends nothing
        verbose=False,  # no warning that a text is too long: it is cut here
    )["input_ids"]
    nothing = [tokenizer.unk_token_id or 0]  # GPT-2 adds no token to an empty text
    return [
        np.array(first_and_last(pieces, max_tokens) or nothing, dtype=np.int32)
        for pieces in encoded
    ]


def first_and_last(tokens: list[T], max_tokens: int) -> list[T]:
    """Keep the first and the last half of a list longer than `max_tokens`."""
    if len(tokens) <= max_tokens:
        return tokens
    tail = max_tokens // 2
    return tokens[: max_tokens - tail] + tokens[len(tokens) - tail :]


def cut(numbers: np.ndarray, max_tokens: int) -> np.ndarray:
    """Do the same to an array.

    >>> cut(np.arange(7), 3)
    array([0, 1, 6])
    """
    tail = max_tokens // 2
    if len(numbers) <= max_tokens:
        return numbers
    return np.concatenate(
        [numbers[: max_tokens - tail], numbers[len(numbers) - tail :]]
    )
