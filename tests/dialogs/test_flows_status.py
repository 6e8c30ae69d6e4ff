"""Cek tiket, and the user's words about their tickets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dialogs.commands import NoteOnTicket
from dialogs.facts import Facts, TicketFact

Maker = Callable[..., Any]
ONE, TWO = "LPSE-2611-00042-K", "LPSE-2611-00077-A"


@pytest.fixture
def tickets(facts: Facts) -> tuple[TicketFact, ...]:
    def ticket(number: str, state: str, days: int) -> TicketFact:
        opened = facts.now - timedelta(days=days)
        return TicketFact(number, "gangguan", state, "gagal upload", opened, "menengah", "lpse")

    return (ticket(ONE, "diproses", 2), ticket(TWO, "baru", 1))


def test_the_list_shows_own_tickets_newest_first(user_with: Maker, tickets: Any) -> None:
    user = user_with(tickets=tickets)
    user.say("cek tiket")
    assert user.labels[:3] == [TWO, ONE, "Nomor lain"]
    text = user.say("2")
    assert ONE in text
    assert "Sedang ditangani" in text
    assert "Sabtu, 21 November 2026 pukul 09.30 WIB" in text
    assert "Helpdesk LPSE" in text


def test_the_only_ticket_is_shown_at_once(user_with: Maker, tickets: Any) -> None:
    user = user_with(tickets=tickets[:1])
    assert "Sedang ditangani" in user.say("tiket")


def test_a_number_in_the_text_is_looked_up(user_with: Maker, tickets: Any) -> None:
    user = user_with(tickets=tickets)
    assert "Sedang ditangani" in user.say(f"min kabar tiket {ONE.lower()} gimana")


def test_without_tickets_it_is_said_and_one_is_offered(user: Any) -> None:
    assert "Belum ada tiket" in user.say("cek tiket")
    assert "Buat tiket" in user.labels


def test_unknown_and_somebody_elses_get_the_same_answer(user_with: Maker, tickets: Any) -> None:
    answers = set()
    for number in ("LPSE-2611-99999-Z", "LPSE-2610-11111-B"):
        user = user_with(tickets=tickets)
        user.say("cek tiket")
        answers.add(user.say(number).replace(number, "N"))
    assert len(answers) == 1


@pytest.mark.parametrize("typed", ["LPSE-2611-00042-X", "lpse 2611 00024 k", "42"])
def test_a_near_miss_of_an_own_ticket_is_asked_about(
    user_with: Maker, tickets: Any, typed: str
) -> None:
    user = user_with(tickets=tickets)
    user.say("cek tiket")
    user.say("nomor lain")
    assert "Mungkin maksudnya" in user.say(typed)
    assert user.labels[0] == ONE


def test_a_near_miss_of_somebody_elses_is_never_offered(user: Any) -> None:
    user.say("cek tiket")
    user.say("LPSE-2611-00042-X")
    assert ONE not in user.labels


def test_words_about_the_only_ticket_go_to_it(user_with: Maker, tickets: Any) -> None:
    user = user_with(tickets=tickets[:1])
    user.say("belum bisa juga min")
    assert user.commands == (NoteOnTicket(ONE, "not_resolved", "belum bisa juga min"),)


def test_with_several_tickets_it_is_asked_which_and_the_words_are_kept(
    user_with: Maker, tickets: Any
) -> None:
    user = user_with(tickets=tickets)
    assert "tiket yang mana" in user.say("sudah beres pak, makasih")
    user.say("1")
    assert user.commands == (NoteOnTicket(TWO, "resolved", "sudah beres pak, makasih"),)
    assert user.state.words == ""


def test_a_closed_ticket_can_be_taken_up_again_but_not_resolved(
    user_with: Maker, tickets: Any
) -> None:
    from dataclasses import replace

    closed = replace(tickets[0], state="ditutup")
    user = user_with(tickets=(closed,))
    assert "Syukurlah" in user.say("sudah beres")
    assert user.commands == ()
    user.say("muncul lagi errornya")
    assert user.commands == (NoteOnTicket(ONE, "not_resolved", "muncul lagi errornya"),)


def test_more_can_be_told_about_a_ticket(user_with: Maker, tickets: Any) -> None:
    user = user_with(tickets=tickets[:1])
    user.say("cek tiket")
    user.say("tambah keterangan")
    user.file(3, text="ini layarnya")
    assert user.commands == (NoteOnTicket(ONE, "addition", "ini layarnya", (3,)),)


def test_an_edit_of_a_sent_form_goes_to_its_ticket(user_with: Maker, tickets: Any) -> None:
    from dataclasses import replace

    user = user_with(tickets=tickets)
    user.state = replace(user.state, sent=(5,))
    user.say("error 404, bukan 500", edits=5)
    assert user.commands == (NoteOnTicket(TWO, "edit", "error 404, bukan 500"),)


def test_an_open_request_for_a_person_is_mentioned(user_with: Maker) -> None:
    user = user_with(waiting_number="ANT-2611-00003-B")
    assert "ANT-2611-00003-B" in user.say("cek tiket")
    assert "masih menunggu giliran" in user.say("ant 2611 00003 b")
