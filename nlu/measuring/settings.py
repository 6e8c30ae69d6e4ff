"""What an evaluation has to find out about foreign data before it trains on them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from nlu.learning.pipeline import Pipeline
from nlu.measuring.errors import MeasuringError
from nlu.text.lexicon import words

OUT_OF_SCOPE = ("out_of_scope", "oos", "out-of-scope", "out of scope", "outofscope", "ood")
"""What data sets call messages that belong to no intent, the likeliest first."""
INDONESIAN = 0.04
"""Share of function words from which on messages are taken for Indonesian; it is 0.08 to
0.25 in messages of any Indonesian style, and under 0.01 in other languages."""
_FUNCTION_WORDS: frozenset[str] = words(
    "yang yg untuk utk tidak tdk nggak ngga gak gk enggak bukan sudah sdh udah udh belum blm bisa"
    " saya kami kita anda dengan dgn dari pada atau juga karena krn kalau kalo klo gimana gmn"
    " bagaimana kenapa kapan apakah"
)
_WORD = re.compile(r"[^\W\d_]+")


def out_of_scope(intents: Iterable[str], named: str | None) -> str | None:
    """The intent for everything else: ``named``, else the one that is called so, else None.

    Raises MeasuringError if no message has the named intent.
    """
    known = set(intents)
    if named is not None:
        if named not in known:
            raise MeasuringError(f'No message has the intent "{named}" (--out-of-scope).')
        return named
    by_name = {intent.casefold(): intent for intent in sorted(known)}
    return next((by_name[name] for name in OUT_OF_SCOPE if name in by_name), None)


def function_words(texts: Iterable[str]) -> float:
    """The share of Indonesian function words among all words, from 0 to 1."""
    said = [word for text in texts for word in _WORD.findall(text.casefold())]
    return sum(word in _FUNCTION_WORDS for word in said) / len(said) if said else 0.0


def language_of(texts: Iterable[str]) -> str:
    """The name of the normaliser that fits messages: "indonesian" or "plain"."""
    return "indonesian" if function_words(texts) >= INDONESIAN else "plain"


def fitted_to(pipeline: Pipeline, language: str, outside: str | None) -> Pipeline:
    """The same pipeline for other data: their language and their out-of-scope intent."""
    name = pipeline.classifier.out_of_scope if outside is None else outside
    classifier = replace(pipeline.classifier, out_of_scope=name)
    return replace(pipeline, normalizer=language, classifier=classifier)
