"""From a reply to what a channel can show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.port import Abilities
from bot.channels.telegram import TelegramChannel
from bot.channels.terminal import TerminalChannel
from bot.channels.web import WebChannel
from bot.rendering import OLD, Words, parse_choice, render, split
from dialogs.reply import Attached, Choice, Reply

PHONE = Abilities(max_text=100, buttons=3, label=20, ask_phone=True)
PLAIN = Abilities(max_text=100, buttons=0, label=0)
CHOICES = (Choice("ya", "Ya"), Choice("tidak", "Tidak"))
EVERY = [TelegramChannel.abilities, WebChannel.abilities, TerminalChannel.abilities]


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def body(words: Words) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(words.body) if words.body else {}
    return found


def one(reply: Reply, abilities: Abilities, step: int = 4, **more: Any) -> Words:
    (words,) = render(reply, abilities, step, **more)
    return words


def test_a_plain_reply_is_one_message_without_a_body() -> None:
    assert one(Reply("Halo"), PHONE) == Words("Halo", "talk", None)


def test_choices_become_buttons_that_carry_the_step() -> None:
    words = one(Reply("Lanjut?", CHOICES), PHONE)
    assert words.text == "Lanjut?"
    assert body(words) == {"choices": [["4:ya", "Ya"], ["4:tidak", "Tidak"]]}


@pytest.mark.parametrize(
    ("choices", "abilities"),
    [
        (CHOICES, PLAIN),
        ((*CHOICES, Choice("a", "A"), Choice("b", "B")), PHONE),  # more than it has room for
        ((*CHOICES, Choice("a", "A" * 21)), PHONE),  # a label that would be cut
    ],
)
def test_choices_that_do_not_fit_become_numbered_text(
    choices: tuple[Choice, ...], abilities: Abilities
) -> None:
    words = one(Reply("Lanjut?", choices), abilities)
    assert words.body is None
    for number, choice in enumerate(choices, 1):
        assert f"\n{number}. {choice.label}" in words.text
    assert words.text.startswith("Lanjut?")
    assert words.text.endswith("angkanya.")


def test_a_share_my_number_button_is_offered_only_where_there_is_one() -> None:
    reply = Reply("Nomor?", ask_phone=True)
    assert body(one(reply, PHONE)) == {"ask_phone": True}
    assert body(one(reply, PLAIN)) == {}


def test_link_and_keyboard_go_with_the_message() -> None:
    words = one(Reply("{link}", row_class="notice"), PHONE, link=("resume", 7), hide_keyboard=True)
    assert body(words) == {"link": ["resume", 7], "hide_keyboard": True}
    assert words.row_class == "notice"


def test_of_a_long_reply_the_last_message_carries_the_buttons() -> None:
    paragraphs = "\n\n".join(f"Paragraf {n} " + "kata " * 10 for n in range(5))
    parts = render(Reply(paragraphs, CHOICES, row_class="notice"), PHONE, 4)
    assert len(parts) > 2
    assert [part.body is not None for part in parts] == [False] * (len(parts) - 1) + [True]
    assert {part.row_class for part in parts} == {"notice"}


@pytest.mark.parametrize("abilities", EVERY, ids=["telegram", "web", "terminal"])
def test_every_channel_takes_every_reply(abilities: Abilities) -> None:
    choices = tuple(Choice(f"pilihan_{n}", f"Pilihan {n}") for n in range(12))
    for text in ("Halo", "🙏" * 9000, "x " * 9000, ""):
        for words in render(Reply(text, choices), abilities, 1):
            assert units(words.text) <= abilities.max_text
            assert len(body(words).get("choices", [])) <= abilities.buttons


def test_a_file_goes_out_with_its_caption() -> None:
    file = Attached(9, "image", "layar.png", "image/png", "ab" * 32)
    shown = body(one(Reply("Contohnya", file=file), PHONE))
    assert shown["file_id"] == 9
    assert shown["file"] == {
        "kind": "image",
        "name": "layar.png",
        "mime": "image/png",
        "blob": "ab" * 32,
    }


# Buttons that come back


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        ("4:ya", (4, "ya")),
        ("0:menu", (0, "menu")),
        ("12:topic:upload", (12, "topic:upload")),
        ("4:", (4, "")),
        ("", (OLD, "")),
        ("ya", (OLD, "ya")),
        (":ya", (OLD, ":ya")),
        ("-1:ya", (OLD, "-1:ya")),
        ("4.5:ya", (OLD, "4.5:ya")),
        ("²:ya", (OLD, "²:ya")),
        ("٣:ya", (OLD, "٣:ya")),
        ("9999999999999:ya", (OLD, "9999999999999:ya")),
        ("x" * 100, (OLD, "x" * 64)),
    ],
)
def test_what_a_button_sends_back(data: str, meant: tuple[int, str]) -> None:
    assert parse_choice(data) == meant


@given(st.text())
def test_nothing_a_button_sends_breaks_it(data: str) -> None:
    step, value = parse_choice(data)
    assert step >= OLD
    assert isinstance(value, str)


@given(st.integers(0, 10**11), st.text(max_size=48))
def test_our_own_buttons_come_back_as_they_went(step: int, value: str) -> None:
    assert parse_choice(f"{step}:{value}") == (step, value)


# Splitting


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 10, [""]),
        ("satu", 10, ["satu"]),
        ("satu dua", 8, ["satu dua"]),
        ("satu\n\ndua", 7, ["satu", "dua"]),  # at a paragraph
        ("satu dua\ntiga", 10, ["satu dua", "tiga"]),  # at a line
        ("satu dua tiga", 9, ["satu dua", "tiga"]),  # at a word
        ("satuduatiga", 4, ["satu", "duat", "iga"]),
        ("🙏🙏🙏", 4, ["🙏🙏", "🙏"]),
        ("🙏🙏🙏", 5, ["🙏🙏", "🙏"]),  # never through the middle of one
        ("\n\n\nhalo", 5, ["halo"]),
        ("halo     \n\n", 5, ["halo"]),
        ("     ", 3, ["   "]),
        ("a\n\n" + "b" * 20, 12, ["a\n\n" + "b" * 9, "b" * 11]),  # not after one letter
    ],
)
def test_text_is_cut_where_it_reads_best(text: str, limit: int, pieces: list[str]) -> None:
    assert list(split(text, limit)) == pieces


@given(st.text(), st.integers(2, 40))
def test_pieces_fit_are_not_empty_and_lose_nothing_but_blanks(text: str, limit: int) -> None:
    pieces = list(split(text, limit))
    assert all(units(piece) <= limit for piece in pieces)
    assert len(pieces) == 1 or all(piece.strip() for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
