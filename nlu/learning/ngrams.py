"""TF-IDF as scikit-learn's ``TfidfVectorizer`` computes it, from a fitted vocabulary.

Serving needs only this and numpy; training uses scikit-learn itself, and a parity test
holds the two together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nlu.learning.pipeline import Ngrams

Floats = NDArray[np.float32]


def word_ngrams(text: str, low: int, high: int) -> list[str]:
    """Runs of ``low`` to ``high`` words, as scikit-learn's analyzer "word" makes them."""
    words = text.split()
    found = list(words) if low == 1 else []
    for size in range(max(low, 2), min(high, len(words)) + 1):
        found += (" ".join(words[i : i + size]) for i in range(len(words) - size + 1))
    return found


def char_ngrams(word: str, low: int, high: int) -> list[str]:
    """Runs of characters of one word with a blank on both sides (analyzer "char_wb")."""
    padded = f" {word} "
    length = len(padded)
    found: list[str] = []
    for size in range(low, high + 1):
        if size >= length:
            found.append(padded)
            break
        found += [padded[i : i + size] for i in range(length - size + 1)]
    return found


@dataclass(frozen=True, slots=True)
class Block:
    """One fitted TF-IDF block; its columns begin at ``offset`` in the whole vector."""

    shape: Ngrams
    terms: tuple[str, ...]
    idf: Floats
    offset: int

    def vectorizer(self) -> Callable[[str], tuple[list[int], list[float]]]:
        """A function from normalised text to column numbers and their weights."""
        find = _finder(self)
        idf = self.idf.tolist()
        sublinear, weight, offset = self.shape.sublinear_tf, self.shape.weight, self.offset

        def vector(text: str) -> tuple[list[int], list[float]]:
            counts = Counter(find(text))
            if not counts:
                return [], []
            values = [
                (1.0 + math.log(n) if sublinear and n > 1 else n) * idf[column]
                for column, n in counts.items()
            ]
            scale = weight / math.sqrt(math.fsum(v * v for v in values))
            return [c + offset for c in counts], [v * scale for v in values]

        return vector


def _finder(block: Block) -> Callable[[str], Sequence[int]]:
    columns = {term: i for i, term in enumerate(block.terms)}
    low, high = block.shape.min_ngram, block.shape.max_ngram
    if block.shape.analyzer == "word":
        return lambda text: [columns[t] for t in word_ngrams(text, low, high) if t in columns]

    @lru_cache(maxsize=4096)
    def of_word(word: str) -> tuple[int, ...]:
        return tuple(columns[g] for g in char_ngrams(word, low, high) if g in columns)

    return lambda text: [column for word in text.split() for column in of_word(word)]
