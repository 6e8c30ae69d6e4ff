"""Data requests in the conversation: which request, which item, and what is no data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialogs.commands import FinishData, GiveData, Piece, SortData
from dialogs.facts import DataFact, Facts, ItemFact, TicketFact
from dialogs.heard import File

Maker = Callable[..., Any]
ONE, TWO = "LPSE-2611-00042-K", "LPSE-2611-00077-A"
ITEMS = (
    ItemFact(11, 1, "Scan NIB", "file"),
    ItemFact(12, 2, "Nomor NPWP", "text"),
    ItemFact(13, 3, "Tangkapan layar galat", "file"),
)


def waiting(facts: Facts, number: str = ONE, state: str = "menunggu_data") -> TicketFact:
    opened = facts.now - timedelta(days=2)
    asked = facts.now - timedelta(hours=1)
    return TicketFact(
        number, "gangguan", state, "gagal upload", opened, "menengah", "lpse",
        expects="data", expects_at=asked,
    )  # fmt: skip


@pytest.fixture
def asked(user_with: Maker, facts: Facts) -> Any:
    """A user who was asked for three things."""
    return user_with(tickets=(waiting(facts),), data=(DataFact(7, ONE, ITEMS),))


def pieces(user: Any) -> list[tuple[str, int | None, int | None]]:
    """(text, file, item) of what was given."""
    (command,) = user.commands
    assert isinstance(command, GiveData)
    assert command.request_id == 7
    return [(p.text, p.attachment_id, p.item_id) for p in command.pieces]


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("2: 01.234.567.8-901.234", 12),
        ("no 2 01.234.567.8-901.234", 12),
        ("2) 0123", 12),
        ("npwp kami 01.234.567.8-901.234", 12),
        ("01.234.567.8-901.234", 12),  # the only one that is a text
        ("3. kodenya muncul waktu klik simpan", 13),
        ("nib belum ada, masih diurus", 11),
    ],
)
def test_a_text_finds_its_item(asked: Any, text: str, item: int) -> None:
    asked.say(text)
    assert pieces(asked) == [(text, None, item)]


@pytest.mark.parametrize(
    ("name", "caption", "item"),
    [
        ("NIB_CV_Maju.pdf", "", 11),
        ("IMG_001.jpg", "ini nib nya", 11),
        ("IMG_001.jpg", "3", 13),
        ("IMG_001.jpg", "no 1", 11),
        ("galat-layar.png", "", 13),
        ("IMG_001.jpg", "", None),  # two files are missing
    ],
)
def test_a_file_finds_its_item(asked: Any, name: str, caption: str, item: int | None) -> None:
    asked.say(caption, files=(File(5, "image", name),))
    assert pieces(asked) == [(caption, 5, item)]


def test_the_only_missing_file_needs_no_name(user_with: Maker, facts: Facts) -> None:
    items = (replace(ITEMS[0], got=1), *ITEMS[1:])
    user = user_with(tickets=(waiting(facts),), data=(DataFact(7, ONE, items),))
    user.say("", files=(File(9, "image", "IMG_1.jpg"),))
    assert pieces(user) == [("", 9, 13)]
    assert "Masih kurang:\n2. Nomor NPWP" in user.text
    assert user.labels[:2] == ["Sudah lengkap", "Bukan tiket ini"]


def test_two_files_of_one_message_go_to_two_items(asked: Any) -> None:
    asked.say("", files=(File(5, "image", "nib.jpg"), File(6, "image", "x.jpg")))
    assert pieces(asked) == [("", 5, 11), ("", 6, 13)]


def test_numbered_lines_are_pieces_of_their_own(asked: Any) -> None:
    asked.say("1: sudah saya kirim lewat email\n2: 01.234.567.8-901.234\n(NPWP cabang)")
    assert [item for _, _, item in pieces(asked)] == [11, 12]
    assert pieces(asked)[1][0].endswith("(NPWP cabang)")


def test_what_has_come_and_what_is_missing_is_said(asked: Any) -> None:
    text = asked.say("2: 0123456")
    assert ONE in text
    assert "Tercatat: Nomor NPWP" in text
    assert "1. Scan NIB" in text
    assert "2. Nomor NPWP" not in text


@pytest.mark.parametrize(
    "text",
    [
        "sudah lengkap", "udah semua min", "Sudah semua ya kak", "lengkap", "itu saja",
        "sdh lengkap min", "udah dikirim semua",
    ],
)  # fmt: skip
def test_words_finish_a_request(asked: Any, text: str) -> None:
    asked.say(text)
    assert asked.commands == (FinishData(7),)


def test_the_button_finishes_whatever_is_asked_now(asked: Any) -> None:
    asked.say("lapor")
    before = asked.state
    asked.tap("@full:7", step=0)
    assert asked.commands == (FinishData(7),)
    assert (asked.state.flow, asked.state.draft) == (before.flow, before.draft)


@pytest.mark.parametrize(
    "text",
    ["makasih min", "halo", "selamat pagi pak", "gagal upload kenapa ya?", "NIB itu apa ya?",
     "mau bicara orang saja", "cek tiket", "menu", "dadah"],
)  # fmt: skip
def test_other_talk_is_no_data(asked: Any, text: str) -> None:
    asked.say(text)
    assert not any(isinstance(c, GiveData | FinishData) for c in asked.commands)
    assert asked.turn.replies or asked.commands


def test_any_other_words_are_for_the_request(asked: Any) -> None:
    asked.say("nanti sore saya kirim fotonya pak")
    assert pieces(asked) == [("nanti sore saya kirim fotonya pak", None, 12)]


def test_data_in_mid_form_are_asked_about(asked: Any) -> None:
    asked.say("lapor")
    newer = replace(asked.facts.tickets[0], expects_at=asked.facts.now + timedelta(minutes=1))
    asked.facts = replace(asked.facts, tickets=(newer,))
    asked.file(5)
    assert not any(isinstance(c, GiveData) for c in asked.commands)
    asked.say(ONE)
    assert any(isinstance(c, GiveData) for c in asked.commands)


def test_with_two_requests_the_words_show_which(user_with: Maker, facts: Facts) -> None:
    other = DataFact(8, TWO, (ItemFact(21, 1, "Surat kuasa", "file"),))
    tickets = (waiting(facts), waiting(facts, TWO))
    user = user_with(tickets=tickets, data=(DataFact(7, ONE, ITEMS), other))
    user.say("", files=(File(5, "image", "surat_kuasa.jpg"),))
    assert user.commands[0] == GiveData(8, (Piece(1, "", 5, 21),))
    user.say(f"{ONE} npwp 01.234.567")
    assert user.commands[0].request_id == 7


def test_with_two_requests_it_is_asked_and_nothing_is_lost(user_with: Maker, facts: Facts) -> None:
    other = DataFact(8, TWO, (ItemFact(21, 1, "Surat kuasa", "file"),))
    tickets = (waiting(facts), waiting(facts, TWO))
    user = user_with(tickets=tickets, data=(DataFact(7, ONE, ITEMS), other))
    user.say("", files=(File(5, "image", "IMG_1.jpg"),))
    assert user.commands == ()
    assert {ONE, TWO} <= set(user.labels)
    user.say(TWO)
    (given,) = user.commands
    assert (given.request_id, given.pieces[0].attachment_id, given.pieces[0].item_id) == (8, 5, 21)


def test_a_quoted_message_shows_which(user_with: Maker, facts: Facts) -> None:
    other = DataFact(8, TWO, (ItemFact(21, 1, "Surat kuasa", "file"),))
    tickets = (waiting(facts), waiting(facts, TWO))
    user = user_with(tickets=tickets, data=(DataFact(7, ONE, ITEMS), other), about=TWO)
    user.file(5)
    assert user.commands[0].request_id == 8


def test_late_files_are_for_the_closed_ticket_but_late_talk_is_not(
    user_with: Maker, facts: Facts
) -> None:
    closed = replace(waiting(facts, state="ditutup"), expects="", may_reopen=True)
    user = user_with(tickets=(closed,), data=(DataFact(7, ONE, ITEMS, late=True),))
    user.say("ada yang bisa bantu saya lagi")
    assert not any(isinstance(c, GiveData) for c in user.commands)
    user.say("sudah lengkap")
    assert not any(isinstance(c, FinishData | GiveData) for c in user.commands)
    user.file(5, text="ini NIB")
    assert pieces(user) == [("ini NIB", 5, 11)]


@pytest.mark.parametrize("text", ["ini untuk nomor 1", "yg tadi no 1 ya min", "nomor 1"])
def test_a_number_alone_sorts_what_came_last(user_with: Maker, facts: Facts, text: str) -> None:
    user = user_with(tickets=(waiting(facts),), data=(DataFact(7, ONE, ITEMS, loose=1),))
    user.say(text)
    assert user.commands == (SortData(7, 11),)


@pytest.mark.parametrize(
    "text",
    ["udah itu aja min", "segitu dulu", "tdk ada yg lain", "ga ada lagi", "udh", "sdh semua ya"],
)
def test_that_is_all_is_said_in_many_ways(asked: Any, text: str) -> None:
    asked.say(text)
    assert asked.commands == (FinishData(7),)


@pytest.mark.parametrize("text", ["ok min bentar ya", "👍", "siap besok saya kirim"])
def test_a_promise_of_data_is_no_data(asked: Any, text: str) -> None:
    assert "kami tunggu" in asked.say(text)
    assert asked.commands == ()
