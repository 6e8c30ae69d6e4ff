"""Fits TF-IDF blocks with scikit-learn and makes sparse matrices of texts with them.

The values come from ``nlu.learning.ngrams``, the code that serves, so that what was trained
on and what is served are the same numbers in either engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nlu.errors import TrainingError
from nlu.learning.ngrams import Block
from nlu.learning.pipeline import Ngrams


def fit_block(shape: Ngrams, texts: Sequence[str], offset: int = 0) -> Block:
    """Vocabulary and idf of normalised texts; TrainingError if there is no word in them.

    Source: scikit-learn, ``TfidfVectorizer`` (smooth idf, norm l2).
    """
    try:
        vectorizer = _vectorizer(shape, shape.min_df).fit(texts)
    except ValueError:  # few messages, and none of their terms twice
        try:
            vectorizer = _vectorizer(shape, 1).fit(texts)
        except ValueError:
            raise TrainingError("No training message has a word in it.") from None
    terms = tuple(str(term) for term in vectorizer.get_feature_names_out())
    return Block(shape, terms, vectorizer.idf_.astype(np.float32), offset)


def _vectorizer(shape: Ngrams, min_df: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer=shape.analyzer,
        ngram_range=(shape.min_ngram, shape.max_ngram),
        min_df=min_df,
        sublinear_tf=shape.sublinear_tf,
        token_pattern=r"\S+" if shape.analyzer == "word" else None,
        lowercase=False,
    )


def fit_blocks(shapes: Sequence[Ngrams], texts: Sequence[str]) -> tuple[Block, ...]:
    """The blocks of a pipeline, their columns side by side."""
    blocks: list[Block] = []
    offset = 0
    for shape in shapes:
        blocks.append(fit_block(shape, texts, offset))
        offset += len(blocks[-1].terms)
    return tuple(blocks)


def matrix(block: Block, texts: Sequence[str]) -> Any:
    """One row a text and one column a term of the block, as a scipy csr matrix."""
    from scipy.sparse import csr_matrix

    vectorize = block.vectorizer()
    pointers, columns, values = [0], [], []
    for text in texts:
        found, weights = vectorize(text)
        columns += found
        values += weights
        pointers.append(len(columns))
    shape = (len(texts), len(block.terms))
    columns = [column - block.offset for column in columns]
    return csr_matrix((values, columns, pointers), shape=shape, dtype=np.float64)
