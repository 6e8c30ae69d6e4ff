"""The normaliser: what it must bring together, and what it must leave alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.text.lexicon import FORMS, KEEP, PHRASES
from nlu.text.normalize import normalize


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmn caranya", "bagaimana cara"),
        ("gimanaaaa", "bagaimana"),
        ("ga gak gk tdk nggak", "tidak tidak tidak tidak tidak"),
        ("gabisa", "tidak bisa"),
        ("gakmasuk", "tidak masuk"),
        ("pasword eror aplod imel", "password error upload email"),
        ("diaplod", "upload"),
        ("kata sandi", "password"),
        ("dokumen2nya", "dokumen"),
        ("dokumen-dokumen", "dokumen"),
        ("emailnya passwordnya", "email password"),
        ("user id nya", "userid"),
        ("LOGINNN", "login"),
        ("minnn kakkk", "admin kak"),
        ("e-katalog versi 6", "katalog v6"),
        ("budi@contoh.co.id", "_mail"),
        ("https://spse.inaproc.id/kab", "_url"),
        ("LPSE-2611-00042-K", "_tiket"),
        ("npwp 01.234.567.8-901.234", "npwp _num"),
        ("error 404", "error 404"),
        ("<b>upload</b>", "upload"),
        ("café", "cafe"),
        ("pa\u200bssword", "password"),
    ],
)
def test_spellings_become_one(typed: str, meant: str) -> None:
    assert normalize(typed) == meant


@pytest.mark.parametrize(
    "word", ["pp", "pa", "pl", "pw", "ttd", "pas", "npwp", "nib", "ppk", "kpa", "rup", "kso", "hps"]
)
def test_domain_words_are_left_alone(word: str) -> None:
    assert normalize(word) == word
    assert normalize(f"akun {word.upper()} saya").split()[1] == word


@pytest.mark.parametrize("word", ["tanya", "hanya", "punya", "saat", "maaf", "surat", "dinas"])
def test_words_that_look_like_slips_are_left_alone(word: str) -> None:
    assert normalize(word) == word


def test_no_table_touches_a_word_to_keep() -> None:
    assert not KEEP & FORMS.keys()


@pytest.mark.parametrize(("phrase", "meant"), PHRASES.items())
def test_every_phrase_of_the_table_is_reached(phrase: str, meant: str) -> None:
    assert normalize(phrase) == meant


@pytest.mark.parametrize("text", ["", "   ", "👍🙏", "привет", "مرحبا", "你好", "!?.,"])
def test_texts_without_latin_words_become_empty(text: str) -> None:
    assert normalize(text) == ""


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_plain_words_between_single_blanks(text: str) -> None:
    words = normalize(text)
    assert words == " ".join(words.split())
    assert words.isascii()


@pytest.mark.parametrize("unit", ["a-", "a.", "<a", "x'", "http://", "1-", "aa aa-aa-", "@"])
def test_hostile_texts_take_milliseconds(unit: str) -> None:
    text = (unit * 1000)[:1000]
    started = time.process_time()
    normalize(text)
    assert time.process_time() - started < 0.1
