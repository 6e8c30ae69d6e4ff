"""The webhook from end to end: whose calls are taken, whole and once, and what they change."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nlu.engines.port import Engine
from tests.bot.whatsapp_office import DAY, WhatsAppOffice
from tests.platforms.whatsapp_wire import OTHER_PHONE_ID

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 400


@pytest.fixture
def office(tmp_path: Path, engine: Engine) -> Iterator[WhatsAppOffice]:
    office = WhatsAppOffice(tmp_path / "office", engine)
    yield office
    office.close()


def test_the_address_is_ours_only_with_the_right_token(office: WhatsAppOffice) -> None:
    assert not office.run(office.fake.subscribe(office.url, "wrong-token"))
    assert not office.run(office.fake.subscribe(office.url, ""))
    assert office.run(office.fake.subscribe(office.url))


@pytest.mark.parametrize("head", [{}, {"X-Hub-Signature-256": "sha256=" + "0" * 64}], ids=repr)
def test_a_call_without_the_right_signature_changes_nothing(
    office: WhatsAppOffice, head: dict[str, str]
) -> None:
    budi = office.budi()
    body = office.payload(office.value(budi, office.message(budi, "halo")))
    assert office.post(body, head) in (401, 403)
    office.settle()
    assert [office.count(t) for t in ("conversations", "messages", "parked")] == [0, 0, 0]
    assert not budi.arrived


def test_a_body_is_signed_as_it_came_whether_its_letters_are_escaped_or_not(
    office: WhatsAppOffice,
) -> None:
    budi = office.budi()
    for text in ("halo é", "cek tiket ✓"):
        value = office.value(budi, office.message(budi, text))
        raw = office.payload(value)
        body = raw if text.startswith("halo") else json.dumps(json.loads(raw)).encode()
        assert office.post(body) == 200
    said = office.rows("SELECT text FROM messages WHERE author = 'user' ORDER BY id")
    assert [row.text for row in said] == ["halo é", "cek tiket ✓"]


@pytest.mark.parametrize("body", [b"{bukan json", b"", b"[]", b'"halo"', b"\xff\xfe", b"null"])
def test_what_cannot_be_read_is_parked_once_and_taken(office: WhatsAppOffice, body: bytes) -> None:
    assert [office.post(body), office.post(body)] == [200, 200]
    assert len(office.parked()) == 1


def test_a_body_of_three_mebibytes_is_taken_and_a_larger_one_is_not(
    office: WhatsAppOffice,
) -> None:
    budi = office.budi()
    body = office.payload(office.value(budi, office.message(budi, "halo")), filler="")
    largest = body.replace(b'"filler": ""', b'"filler": "' + b"x" * ((3 << 20) - len(body)) + b'"')
    assert len(largest) == 3 << 20
    assert office.post(largest + b" ") == 413
    assert office.count("messages") == 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert _endless(office) == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kB
    assert office.post(largest) == 200
    assert office.count("messages") >= 1


def _endless(office: WhatsAppOffice) -> int:
    """A body of 200 MiB whose length nobody told."""

    async def pieces() -> Any:
        for _ in range(200):
            yield b"x" * (1 << 20)

    async def call() -> int:
        async with httpx.AsyncClient(timeout=30) as http:
            try:
                return (await http.post(office.url, content=pieces())).status_code
            except (httpx.WriteError, httpx.ReadError):
                return 413  # it hung up as it said it would

    return int(office.run(call()))


def test_a_poison_message_between_two_good_ones_keeps_nothing_back(
    office: WhatsAppOffice,
) -> None:
    budi, sari = office.budi(), office.fake.user("6281111111111", "ID.2", name="Sari")
    poison = {"id": "wamid.racun", "type": "text", "timestamp": "0", "text": ["x"], "from": "62811"}
    good = office.message(budi, "halo"), office.message(sari, "halo")
    value = office.value(budi, good[0], poison, good[1])
    value["contacts"].append(sari.contact())
    assert office.post(office.payload(value)) == 200
    office.settle()
    assert [len(budi.arrived), len(sari.arrived), len(office.parked())] == [1, 1, 1]
    assert office.post(office.payload(value)) == 200
    office.settle()
    assert [len(budi.arrived), len(sari.arrived), len(office.parked())] == [1, 1, 1]


def test_messages_and_statuses_of_a_batch_are_all_taken(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.says(budi, "halo")
    sent = budi.arrived[-1]
    about = {"display_phone_number": "62", "phone_number_id": office.fake.phone_id}
    at = str(int(office.fake.clock()))
    read = {"id": sent.id, "status": "read", "timestamp": at}
    read["biz_opaque_callback_data"] = sent.ref
    two = office.value(budi, office.message(budi, "satu"), office.message(budi, "dua"))
    statuses = {"messaging_product": "whatsapp", "metadata": about, "statuses": [read, read]}
    assert office.post(office.payload(two, statuses)) == 200
    assert [r.receipt for r in office.rows("SELECT receipt FROM outbox WHERE id = 1")] == [5]
    said = office.rows("SELECT text FROM messages WHERE author = 'user' ORDER BY id")
    assert [row.text for row in said] == ["halo", "satu", "dua"]


def test_what_comes_twice_is_answered_once(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.faults.duplicate = office.faults.late = 1
    office.says(budi, "halo")
    office.says(budi, "cek tiket")
    office.run(office.fake.settle())
    assert len(budi.arrived) == 2
    assert len(office.fake.postman.strays) >= 2


def test_news_for_another_number_and_of_other_fields_changes_nothing(
    office: WhatsAppOffice,
) -> None:
    budi = office.budi()
    value = office.value(budi, office.message(budi, "halo"))
    value["metadata"] = {"phone_number_id": OTHER_PHONE_ID, "display_phone_number": "1"}
    assert office.post(office.payload(value)) == 200
    changes = [{"field": "account_update", "value": {"event": "x"}}]
    whole = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}
    assert office.post(json.dumps(whole).encode()) == 200
    assert [office.count(t) for t in ("conversations", "messages", "parked")] == [0, 0, 0]


def test_fields_nobody_knows_yet_do_no_harm(office: WhatsAppOffice) -> None:
    budi = office.budi()
    message = office.message(budi, "halo", a_field_of_next_year={"deep": [1, None]})
    value = {**office.value(budi, message), "another": [{}]}
    assert office.post(office.payload(value, third=[])) == 200
    office.settle()
    assert [len(budi.arrived), len(office.parked())] == [1, 0]


def test_a_message_of_last_month_is_put_aside_and_not_answered(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.says(budi, "halo")
    old = office.message(budi, "tolong batalkan tiket saya")
    old["timestamp"] = str(int((office.clock.now() - 30 * DAY).timestamp()))
    assert office.post(office.payload(office.value(budi, old))) == 200
    office.settle()
    assert [len(budi.arrived), len(office.parked())] == [1, 1]
