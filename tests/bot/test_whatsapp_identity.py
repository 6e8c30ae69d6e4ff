"""Whose message it is: an id of WhatsApp's own first, the phone number second; both may change,
and a number may be given to another person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.incoming import Became
from handoff import actions as a
from nlu.engines.port import Engine
from tests.bot.replicas import make_url, postgres
from tests.bot.whatsapp_rig import BUDI, NUMBER, OTHER, SITI, WhatsAppRig, made
from tests.handoff.tickets import opened

__all__ = ["make_url", "postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def make(
    request: pytest.FixtureRequest, tmp_path: Path, engine: Engine
) -> Iterator[Callable[..., WhatsAppRig]]:
    more: dict[str, Any] = {}
    if request.param == "postgresql":
        more["database_url"] = request.getfixturevalue("make_url")()
    yield from made(tmp_path, engine, **more)


@pytest.fixture
def office(make: Callable[..., WhatsAppRig]) -> WhatsAppRig:
    return make()


def chats(office: WhatsAppRig) -> list[tuple[Any, ...]]:
    """(chat, number) of every conversation, and how many people they are."""
    query = "SELECT chat, number FROM conversations WHERE channel = 'whatsapp' ORDER BY id"
    return [tuple(row) for row in office.rows(query)]


def people(office: WhatsAppRig) -> int:
    return int(office.rows("SELECT count(DISTINCT contact_id) FROM conversations")[0][0])


def reached(office: WhatsAppRig) -> list[tuple[str, str | None]]:
    return [(out.key.chat, out.number) for out in office.whatsapp.sent]


def with_ticket(office: WhatsAppRig, user: str = BUDI, number: str | None = NUMBER) -> str:
    """Budi has a ticket that Rina holds; its number."""
    office.writes("halo", user, number)
    ticket = opened(office, user, "whatsapp")
    office.hire("rina", "helpdesk")
    office.act("rina", a.Take())
    office.settle()
    return ticket


def test_a_user_known_by_number_keeps_the_chat_when_an_id_comes_along(office: WhatsAppRig) -> None:
    ticket = with_ticket(office, NUMBER)
    assert chats(office) == [(NUMBER, NUMBER)]
    assert ticket in "".join(office.writes("cek tiket", BUDI, NUMBER))
    assert chats(office) == [(BUDI, NUMBER)]
    assert reached(office)[-1] == (BUDI, NUMBER)
    assert ticket in "".join(office.writes("cek tiket", NUMBER, NUMBER))
    assert people(office) == 1


def test_a_user_known_by_id_keeps_the_chat_when_a_number_comes_along(office: WhatsAppRig) -> None:
    ticket = with_ticket(office, BUDI, None)
    assert chats(office) == [(BUDI, None)]
    assert ticket in "".join(office.writes("cek tiket", BUDI, NUMBER))
    assert ticket in "".join(office.writes("cek tiket", NUMBER, NUMBER))
    assert chats(office) == [(BUDI, NUMBER)]


def test_a_ported_number_shows_its_new_owner_nothing_of_the_old_one(office: WhatsAppRig) -> None:
    ticket = with_ticket(office)
    office.clock.move(timedelta(days=40))
    said = "".join(office.writes("cek tiket", SITI, NUMBER))
    assert ticket not in said
    assert chats(office) == [(BUDI, None), (SITI, NUMBER)]
    assert people(office) == 2
    office.act("rina", a.ReplyToUser("Khusus untuk Budi."), ticket)
    office.settle()
    assert all(key == BUDI for key, _ in reached(office)[-1:])
    assert reached(office)[-1] == (BUDI, None)


def test_nothing_goes_to_the_new_owner_of_a_number_that_was_a_chats_only_id(
    office: WhatsAppRig,
) -> None:
    ticket = with_ticket(office, NUMBER)
    office.becomes(NUMBER, NUMBER, Became(number=OTHER))
    assert chats(office) == [(OTHER, OTHER)]
    said = "".join(office.writes("cek tiket", NUMBER, NUMBER))
    assert ticket not in said
    office.act("rina", a.ReplyToUser("Khusus untuk Budi."), ticket)
    office.settle()
    assert reached(office)[-1] == (OTHER, OTHER)
    assert ticket in "".join(office.writes("cek tiket", OTHER, OTHER))


def test_a_new_number_and_a_new_id_keep_the_chat(office: WhatsAppRig) -> None:
    ticket = with_ticket(office)
    office.becomes(BUDI, NUMBER, Became(chat="ID.budi2", number=OTHER))
    assert chats(office) == [("ID.budi2", OTHER)]
    assert ticket in "".join(office.writes("cek tiket", "ID.budi2", OTHER))
    assert ticket not in "".join(office.writes("cek tiket", SITI, NUMBER))


def test_who_wrote_under_the_new_id_before_we_heard_of_it_is_still_one_person(
    office: WhatsAppRig,
) -> None:
    ticket = with_ticket(office)
    assert ticket not in "".join(office.writes("cek tiket", "ID.budi2", OTHER))
    office.becomes(BUDI, NUMBER, Became(chat="ID.budi2", number=OTHER))
    assert people(office) == 1
    assert ticket in "".join(office.writes("cek tiket", "ID.budi2", OTHER))


def test_an_old_message_that_comes_late_takes_no_number_back(office: WhatsAppRig) -> None:
    with_ticket(office)
    before = office.clock.now()
    office.clock.move(timedelta(hours=2))
    office.writes("halo", SITI, NUMBER)
    office.writes("tadi saya tulis ini", BUDI, NUMBER, sent_at=before)
    assert chats(office) == [(BUDI, None), (SITI, NUMBER)]


def test_a_repeated_event_changes_no_ids(office: WhatsAppRig) -> None:
    with_ticket(office)
    first = office.event(BUDI, "whatsapp", text="halo lagi", number=NUMBER)
    office.take(first)
    office.writes("halo", SITI, NUMBER)
    office.take(first)
    assert chats(office) == [(BUDI, None), (SITI, NUMBER)]


def test_the_same_number_on_telegram_joins_nobody_to_a_whatsapp_chat(office: WhatsAppRig) -> None:
    ticket = with_ticket(office)
    office.say("/lapor", "tamu", "telegram")
    office.share_phone(f"+{NUMBER}", "tamu")
    office.say("batal", "tamu", "telegram")
    assert ticket not in office.say("cek tiket", "tamu", "telegram")


def test_a_number_that_was_silent_for_long_brings_no_chat_to_a_new_id(office: WhatsAppRig) -> None:
    ticket = with_ticket(office, NUMBER)
    office.wait(timedelta(hours=25))
    office.act("rina", a.ReplyToUser("Khusus untuk Budi."), ticket)
    office.settle()
    office.clock.move(timedelta(days=40))
    said = "".join(office.writes("cek tiket", SITI, NUMBER))
    assert ticket not in said
    assert "Budi" not in said
    assert people(office) == 2


def test_who_went_on_under_a_new_id_is_written_to_there(office: WhatsAppRig) -> None:
    ticket = with_ticket(office)
    office.writes("halo", "ID.budi2", OTHER)
    office.becomes(BUDI, NUMBER, Became(chat="ID.budi2", number=OTHER))
    office.act("rina", a.ReplyToUser("Sudah kami cek."), ticket)
    office.settle()
    assert reached(office)[-1] == ("ID.budi2", OTHER)


def test_an_old_proof_of_a_number_joins_nobody(office: WhatsAppRig) -> None:
    office.say("/lapor", "budi", "telegram")
    office.share_phone(f"+{NUMBER}", "budi")
    office.say("batal", "budi", "telegram")
    office.hire("rina", "helpdesk")
    ticket = opened(office, "budi", "telegram")
    office.clock.move(timedelta(days=200))
    office.say("/lapor", "tamu", "telegram")
    office.share_phone(f"+{NUMBER}", "tamu")
    office.say("batal", "tamu", "telegram")
    assert ticket not in office.say("cek tiket", "tamu", "telegram")
    assert ticket in office.say("cek tiket", "budi", "telegram")


def test_a_repeated_event_makes_no_second_chat(office: WhatsAppRig) -> None:
    first = office.event(NUMBER, "whatsapp", text="halo", number=NUMBER)
    office.take(first)
    office.writes("halo lagi", BUDI, NUMBER)
    office.take(first)
    assert chats(office) == [(BUDI, NUMBER)]
