"""Who is who: ids that are missing, change, or pass to another person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from handoff.actions import ReplyToUser
from nlu.engines.port import Engine
from tests.bot.whatsapp_office import Case, WhatsAppOffice
from tests.platforms.whatsapp_users import WhatsAppUser

HOUR = timedelta(hours=1)
NUMBER = "6281234567890"


@pytest.fixture
def office(tmp_path: Path, engine: Engine) -> Iterator[WhatsAppOffice]:
    office = WhatsAppOffice(tmp_path / "office", engine)
    yield office
    office.close()


@pytest.mark.parametrize(
    ("wa_id", "bsuid", "chat"),
    [(NUMBER, None, NUMBER), (None, "ID.77001", "ID.77001"), (NUMBER, "ID.77001", "ID.77001")],
)
def test_a_user_is_known_by_whichever_id_there_is(
    office: WhatsAppOffice, wa_id: str | None, bsuid: str | None, chat: str
) -> None:
    user = office.budi(wa_id, bsuid)
    number = office.reports(user)
    assert number in office.says(user, "cek tiket")
    assert _chats(office) == [(chat, wa_id)]


def test_who_had_only_a_number_goes_on_under_their_new_id(office: WhatsAppOffice) -> None:
    user = office.budi(NUMBER, None)
    number = office.reports(user)
    office.fake.rename(user, NUMBER, "ID.77001")
    assert number in office.says(user, "cek tiket")
    assert _chats(office) == [("ID.77001", NUMBER)]


def test_who_had_only_an_id_shows_their_number_later(office: WhatsAppOffice) -> None:
    user = office.fake.user(NUMBER, "ID.77001", shows_number=False)
    number = office.reports(user)
    assert _chats(office) == [("ID.77001", None)]
    user.shows_number = True
    assert number in office.says(user, "cek tiket")
    assert _chats(office) == [("ID.77001", NUMBER)]
    user.shows_number = False
    assert number in office.says(user, "cek tiket")
    assert _chats(office) == [("ID.77001", NUMBER)]


@pytest.mark.parametrize("bsuid", [None, "ID.77001"])
def test_who_changes_their_number_keeps_their_case(
    office: WhatsAppOffice, bsuid: str | None
) -> None:
    case = Case.opened(office, office.budi(NUMBER, bsuid))
    case.user.change_number("6285555555555")
    office.settle()
    case.act(ReplyToUser("Paket yang mana?"))
    assert [("Paket yang mana?" in m.text) for m in case.new()] == [True]
    assert case.number in office.says(case.user, "cek tiket")
    assert [number for _, number in _chats(office)] == ["6285555555555"]


def test_who_writes_under_the_new_number_before_we_hear_of_it_is_one_person(
    office: WhatsAppOffice,
) -> None:
    case = Case.opened(office)
    doors, office.fake.postman.doors = office.fake.postman.doors, []
    told = case.user.change_number("6285555555555", "ID.99")
    office.fake.postman.drop(told)
    office.fake.postman.doors = doors
    office.says(case.user, "halo lagi")
    office.fake.postman.post(told)
    office.settle()
    assert case.number in office.says(case.user, "cek tiket")


def test_who_gets_another_user_id_keeps_their_case(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    case.user.change_user_id("ID.88002")
    office.settle()
    case.act(ReplyToUser("Paket yang mana?"))
    assert "Paket yang mana?" in case.new()[-1].text
    assert case.number in office.says(case.user, "cek tiket")
    assert _chats(office) == [("ID.88002", NUMBER)]


def test_who_gets_anothers_number_sees_nothing_of_theirs(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    case.act(ReplyToUser("Rahasia Budi"))
    sari = office.fake.user(NUMBER, "ID.2", name="Sari")
    for text in ("halo", "cek tiket", "/lapor"):
        office.says(sari, text)
    case.act(ReplyToUser("Masih rahasia Budi"))
    office.wait(HOUR)
    office.says(sari, "cek tiket")
    _saw_nothing(office, sari, case)
    assert "ahasia" not in "".join(m.text for m in case.new())
    assert "Rahasia Budi" in office.says(case.user, "halo")


def test_a_proof_of_a_number_ends_where_it_becomes_anothers(office: WhatsAppOffice) -> None:
    case = Case.opened(office, office.fake.user(NUMBER, "ID.77001", name="Budi"))
    _shares_own_card(office, case.user)
    office.says(case.user, "batal")
    assert office.rows("SELECT 1 FROM identities WHERE value = '+6281234567890'")
    sari = office.fake.user(NUMBER, "ID.2", name="Sari")
    _shares_own_card(office, sari)
    office.says(sari, "batal")
    office.says(sari, "cek tiket")
    _saw_nothing(office, sari, case)
    assert case.number in office.says(case.user, "cek tiket")


def test_who_has_a_new_number_is_offered_that_one(office: WhatsAppOffice) -> None:
    budi = office.fake.user(NUMBER, "ID.77001", name="Budi")
    _shares_own_card(office, budi)
    office.says(budi, "batal")
    budi.change_number("6285555555555")
    office.says(budi, "/lapor")
    _goes_to_the_phone_question(office, budi)
    assert "0855-5555-5555" in budi.arrived[-1].text
    assert not office.rows("SELECT 1 FROM identities")


def test_a_number_that_comes_late_in_an_old_message_is_not_taken_back(
    office: WhatsAppOffice,
) -> None:
    case = Case.opened(office)
    old = office.message(case.user, "pesan lama")
    about = office.value(case.user, old)
    office.wait(HOUR)
    sari = office.fake.user(NUMBER, "ID.2", name="Sari")
    office.says(sari, "halo")
    assert office.post(office.payload(about)) == 200
    office.settle()
    assert ("ID.2", NUMBER) in _chats(office)
    assert ("ID.77001", None) in _chats(office)


def test_who_blocks_and_comes_back_finds_their_case(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    case.user.block()
    case.act(ReplyToUser("Paket yang mana?"))
    office.wait(HOUR)
    assert not case.new()
    assert office.rows("SELECT 1 FROM calls WHERE state = 'open'")
    case.user.unblock()
    assert case.number in office.says(case.user, "cek tiket")


def _card(name: str, number: str) -> dict[str, object]:
    phone = {"phone": f"+{number}", "wa_id": number, "type": "CELL"}
    return {"name": {"formatted_name": name}, "phones": [phone]}


def _shares_own_card(office: WhatsAppOffice, user: WhatsAppUser) -> None:
    """Where the form asks for the phone number."""
    office.says(user, "/lapor")
    _goes_to_the_phone_question(office, user)
    office.after(user, lambda: user.send("contacts", [_card(user.name, NUMBER)]))


def _goes_to_the_phone_question(office: WhatsAppOffice, user: WhatsAppUser) -> None:
    while "telepon/HP" not in user.arrived[-1].text:
        titles = [title for _, title in user.arrived[-1].buttons]
        anew = next((title for title in ("Mulai baru", "Isi baru") if title in titles), None)
        if anew is None:
            office.step(user, "")
        else:
            office.taps(user, anew)


def _saw_nothing(office: WhatsAppOffice, sari: WhatsAppUser, case: Case) -> None:
    read = "\n".join(m.text for m in sari.arrived)
    assert case.number not in read
    assert "ahasia Budi" not in read
    offered = {title for message in sari.arrived for _, title in message.buttons}
    assert "Pakai data lama" not in offered


def _chats(office: WhatsAppOffice) -> list[tuple[str, str | None]]:
    rows = office.rows("SELECT chat, number FROM conversations ORDER BY id")
    return [(row.chat, row.number) for row in rows]
