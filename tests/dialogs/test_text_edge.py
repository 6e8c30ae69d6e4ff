import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.text_edge import tidy

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1ee\U0001f1e9"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\x00b", "ab"),
        ("a\ud83db", "ab"),
        ("a\ue000\U000f1234b", "ab"),
        ("a\x07\x1b[31mb", "a[31mb"),
        ("satu\r\ndua\rtiga\u2028empat", "satu\ndua\ntiga\nempat"),
        ("kolom\tdua", "kolom\tdua"),
        ("cafe\u0301", "café"),
        ("  \n halo \n ", "halo"),
        ("a\u00a0b\u3000c", "a b c"),
        ("pass\u200bword", "password"),
        ("\ufeffhalo", "halo"),
        ("\ufffc\ufdd0x", "x"),
    ],
)
def test_what_cannot_be_stored_or_seen_is_taken_out(raw: str, clean: str) -> None:
    assert tidy(raw).text == clean


def test_bidi_controls_go_but_right_to_left_letters_stay() -> None:
    assert (
        tidy("faktur\u202efdp.exe\u202c \u2067مرحبا\u2069 שלום").text == "fakturfdp.exe مرحبا שלום"
    )


def test_emoji_made_of_several_parts_stay_whole() -> None:
    text = f"halo {FAMILY} {FLAG} \U0001f44d\U0001f3fd ❤️"
    assert tidy(text).text == text


def test_a_short_text_has_no_rest() -> None:
    assert tidy("halo").rest == ""


def test_a_long_text_is_cut_at_the_limit_and_nothing_is_lost() -> None:
    tidied = tidy("a" * 8001)
    assert (len(tidied.text), tidied.rest) == (8000, "a")


@pytest.mark.parametrize("whole", ["e\u0323\u0301", FAMILY, FLAG, "\U0001f44d\U0001f3fd", "❤️"])
def test_the_cut_never_falls_inside_a_grapheme(whole: str) -> None:
    whole = unicodedata.normalize("NFC", whole)
    for before in range(10 - len(whole) + 1, 10):
        tidied = tidy("x" * before + whole + "y", limit=10)
        assert tidied.text == "x" * before
        assert tidied.rest == whole + "y"


def test_an_endless_grapheme_is_cut_at_the_limit() -> None:
    tidied = tidy("q" + "\u0323\u0301" * 200, limit=100)
    assert len(tidied.text) == 100


def test_flags_in_a_row_are_cut_between_two_flags() -> None:
    assert tidy(FLAG * 10, limit=5).text == FLAG * 2


@given(st.text(st.characters(codec=None), max_size=200), st.integers(1, 60))
def test_tidy_text_is_storable_within_the_limit_and_complete(raw: str, limit: int) -> None:
    tidied = tidy(raw, limit)
    whole = tidied.text + tidied.rest
    assert len(tidied.text) <= limit
    whole.encode("utf-8")
    assert "\x00" not in whole
    assert "\r" not in whole
    assert tidy(whole, 10**6).text == whole


@pytest.mark.parametrize("unit", [" ", "\n", "a", "\u0301", "\ud800", FLAG, FAMILY])
def test_a_hundred_thousand_characters_take_no_time(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    started = time.process_time()
    tidy(text)
    assert time.process_time() - started < 0.2
