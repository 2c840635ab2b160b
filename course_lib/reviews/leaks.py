"""No text and no film in two splits, and a count of what that cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from course_lib.reviews.table import Reviews

# Who keeps a text or film that several splits hold. The test split is left as it was
# published, so that results can be compared with other people's.
PRECEDENCE = ("test", "validation", "train", "unlabelled")


def normalise(text: str) -> str:
    """The form in which two texts count as the same: lower case, white space folded.

    >>> normalise("A  Film\\nto remember")
    'a film to remember'
    """
    return " ".join(text.lower().split())


def without_leaks(splits: Mapping[str, Reviews]) -> dict[str, Reviews]:
    """Leave out what another split of higher precedence holds, and repeats.

    Each row of `validation`, `train` and `unlabelled` goes if its text (normalised) or
    its film stands in a split before it in `PRECEDENCE`, if it repeats an earlier row
    of its own split, or if it is empty. The notes of each split say how many went. The
    test split keeps every row, its own repeats included.
    """
    clean: dict[str, Reviews] = {}
    text_owner: dict[str, str] = {}
    film_owner: dict[str, str] = {}
    for split in PRECEDENCE:
        if split not in splits:
            continue
        reviews = splits[split]
        texts = [normalise(text) for text in reviews.texts]
        films = reviews.films or [""] * len(reviews)
        kept, reasons = [], Counter[str]()
        seen: set[str] = set()
        for row, (text, film) in enumerate(zip(texts, films, strict=True)):
            reason = ""
            if split != "test":
                if not text:
                    reason = "the text is empty"
                elif text in text_owner:
                    reason = f"the text is in {text_owner[text]} too"
                elif film and film in film_owner:
                    reason = f"the film is in {film_owner[film]} too"
                elif text in seen:
                    reason = "the text is repeated"
            if reason:
                reasons[reason] += 1
            else:
                kept.append(row)
                seen.add(text)
        text_owner |= dict.fromkeys((texts[row] for row in kept), split)
        film_owner |= {film: split for row in kept if (film := films[row])}
        notes = tuple(
            f"{count} of {len(reviews)} left out: {reason}"
            for reason, count in sorted(reasons.items())
        )
        clean[split] = replace(
            reviews.select(kept) if reasons else reviews, notes=reviews.notes + notes
        )
    return {split: clean[split] for split in splits}
