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


@pytest.mark.parametrize("old_id", [None, "ID.77001"])
@pytest.mark.parametrize("new_id", [None, "ID.2"])
def test_who_gets_anothers_number_sees_nothing_of_theirs(
    office: WhatsAppOffice, old_id: str | None, new_id: str | None
) -> None:
    if old_id is new_id is None:
        pytest.skip("nothing tells them apart")
    case = Case.opened(office, office.budi(NUMBER, old_id), later=25 * HOUR)
    case.act(ReplyToUser("Rahasia Budi"))
    sari = office.fake.user(NUMBER, new_id, name="Sari")
    for text in ("halo", "cek tiket", "/lapor"):
        office.says(sari, text)
    case.act(ReplyToUser("Masih rahasia Budi"))
    office.wait(HOUR)
    office.says(sari, "cek tiket")
    _saw_nothing(office, sari, case)


def test_whose_number_passed_on_and_who_proved_it_once_is_not_joined_to_its_next_owner(
    office: WhatsAppOffice,
) -> None:
    budi = office.budi()
    office.says(budi, "halo")
    office.after(budi, lambda: budi.send("contacts", [_card("Budi", NUMBER)]))
    office.says(budi, "petugas")
    office.says(budi, "batal")
    case = Case.opened(office, budi)
    office.says(budi, "/lapor")
    while "telepon/HP" not in budi.arrived[-1].text:
        office.step(budi, "x")
    office.after(budi, lambda: budi.send("contacts", [_card("Budi", NUMBER)]))
    assert office.rows("SELECT 1 FROM identities WHERE value = '+6281234567890'")
    sari = office.fake.user(NUMBER, "ID.2", name="Sari")
    office.says(sari, "/lapor")
    while "telepon/HP" not in sari.arrived[-1].text:
        office.step(sari, "x")
    office.after(sari, lambda: sari.send("contacts", [_card("Sari", NUMBER)]))
    office.says(sari, "batal")
    office.says(sari, "cek tiket")
    _saw_nothing(office, sari, case)


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
    assert (("ID.2", NUMBER) in _chats(office)) and (("ID.77001", None) in _chats(office))


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


def _saw_nothing(office: WhatsAppOffice, sari: WhatsAppUser, case: Case) -> None:
    read = "\n".join(office.texts(sari))
    assert case.number not in read and "ahasia Budi" not in read
    assert "Santoso" not in read and "Maju Jaya" not in read


def _chats(office: WhatsAppOffice) -> list[tuple[str, str | None]]:
    rows = office.rows("SELECT chat, number FROM conversations ORDER BY id")
    return [(row.chat, row.number) for row in rows]
