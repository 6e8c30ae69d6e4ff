"""WhatsApp from end to end: what its users and agents do, and what they read."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nlu.engines.port import Engine
from tests.bot.whatsapp_office import DAY, WhatsAppOffice
from tests.people import NUMBER
from tests.platforms.whatsapp_users import Media
from tests.platforms.whatsapp_wire import OTHER_PHONE_ID, signed

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 400


@pytest.fixture
def office(tmp_path: Path, engine: Engine) -> Iterator[WhatsAppOffice]:
    office = WhatsAppOffice(tmp_path / "office", engine)
    yield office
    office.close()


# The webhook


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


# What users write and read


def test_a_first_hello_is_greeted_with_a_menu_within_the_limits(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.says(budi, "halo")
    (menu,) = budi.arrived
    assert menu.kind == "list"
    assert "Buat tiket" in [title for _, title in menu.buttons]
    assert office.fake.read == [office.fake.postman.parcels[0].id]


def test_a_question_is_answered_and_the_help_acknowledged(office: WhatsAppOffice) -> None:
    budi = office.budi()
    assert "Pokja" in office.says(budi, "gagal upload dokumen penawaran terus min")
    assert len(office.taps(budi, "Terjawab")) > 5


def test_the_form_is_filled_in_by_buttons_and_lists(office: WhatsAppOffice) -> None:
    budi = office.budi()
    number = office.reports(budi)
    kinds = {message.kind for message in budi.arrived}
    assert kinds >= {"text", "button", "list"}
    assert office.ticket(number).problem.startswith("gagal upload")
    assert number in office.says(budi, "cek tiket")
    assert office.states() == ["sent"] * len(budi.arrived)


def test_the_form_is_filled_in_by_words_alone(office: WhatsAppOffice) -> None:
    budi = office.budi()
    said = office.says(budi, "buat tiket")
    words = ("Budi Santoso", "CV Maju Jaya", "Jl. Sudirman 5, Batam", "1", "penyedia")
    for text in (*words, "gagal upload penawaran, error 500", "lanjut", "lewati semua"):
        said = office.says(budi, text)
    for text in ("tidak ada", "kirim"):
        said = office.says(budi, text)
    found = NUMBER.search(said)
    assert found, office.texts(budi)
    answers = json.loads(office.ticket(found[0]).answers)
    assert answers["telepon"] == "+6281234567890"


def test_the_number_whatsapp_vouches_for_is_offered(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.reports(budi)
    asked = next(m for m in budi.arrived if "telepon/HP" in m.text)
    assert "0812-3456-7890" in asked.text
    answers = json.loads(office.ticket().answers)
    assert answers["telepon"] == "+6281234567890"


def test_an_image_with_a_caption_is_kept_as_it_is(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.reports(budi)
    office.after(budi, lambda: budi.send_image(JPEG, caption="ini fotonya"))
    (file,) = office.rows("SELECT * FROM attachments")
    assert (file.state, file.blob) == ("stored", hashlib.sha256(JPEG).hexdigest())
    assert office.loket.blobs.get(file.blob) == JPEG
    assert office.rows("SELECT 1 FROM messages WHERE text = 'ini fotonya'")


def test_an_address_that_expired_is_asked_for_anew(office: WhatsAppOffice) -> None:
    budi = office.budi()
    seen: list[float] = []

    def once(name: str, hit: Callable[[str], bool] = office.faults.hit) -> bool:
        if name == "media_gone" and not seen:
            seen.append(1)
            return True
        return hit(name)

    office.faults.hit = once  # type: ignore[method-assign]
    office.after(budi, lambda: budi.send_image(JPEG))
    office.wait(DAY / 24)
    assert [f.state for f in office.rows("SELECT state FROM attachments")] == ["stored"]


def test_a_file_whose_checksum_is_wrong_is_fetched_again_and_taken_once_right(
    office: WhatsAppOffice,
) -> None:
    budi = office.budi()
    parcel = budi.send_image(JPEG)
    told = parcel.content["messages"][0]["image"]
    media = office.fake.shelf.media[told["id"]]
    office.fake.shelf.media[media.id] = Media(media.id, JPEG + b"broken", media.mime)
    office.settle()
    assert [f.state for f in office.rows("SELECT state FROM attachments")] == ["fetching"]
    office.fake.shelf.media[media.id] = media
    office.wait(DAY / 24)
    (file,) = office.rows("SELECT * FROM attachments")
    assert (file.state, office.loket.blobs.get(file.blob)) == ("stored", JPEG)


def test_a_program_called_jpg_is_refused_with_a_sentence(office: WhatsAppOffice) -> None:
    budi = office.budi()
    said = office.after(budi, lambda: budi.send_image(b"MZ\x90\x00" + b"0" * 100))
    assert [f.reason for f in office.rows("SELECT reason FROM attachments")] == ["bad_type"]
    assert "berkas" in said.lower(), said


def test_a_file_that_is_too_big_is_refused_with_a_sentence(office: WhatsAppOffice) -> None:
    budi = office.budi()
    large = b"%PDF-1.4" + random.Random(1).randbytes(11_000_000)
    said = office.after(
        budi, lambda: budi.send_file("document", large, "application/pdf", name="besar.pdf")
    )
    assert [f.reason for f in office.rows("SELECT reason FROM attachments")] == ["too_big"]
    assert "besar.pdf" in said and "MB" in said


def test_a_voice_note_is_kept_and_answered(office: WhatsAppOffice) -> None:
    budi = office.budi()
    sound = b"OggS" + b"0" * 200
    said = office.after(budi, lambda: budi.send_file("audio", sound, "audio/ogg; codecs=opus"))
    assert [f.state for f in office.rows("SELECT state FROM attachments")] == ["stored"]
    assert said


@pytest.mark.parametrize("kind", ["sticker", "location", "contacts", "order", "unsupported"])
def test_what_a_bot_cannot_read_gets_a_sentence(office: WhatsAppOffice, kind: str) -> None:
    budi = office.budi()
    office.says(budi, "halo")
    deeds: dict[str, Callable[[], Any]] = {
        "sticker": lambda: budi.send_file("sticker", b"RIFF0000WEBP", "image/webp"),
        "location": lambda: budi.send("location", {"latitude": -6.2, "longitude": 106.8}),
        "contacts": lambda: budi.send("contacts", [{"name": {"formatted_name": "Ani"}}]),
        "order": lambda: budi.send("order", {"catalog_id": "1", "product_items": []}),
        "unsupported": budi.send_unsupported,
    }
    said = office.after(budi, deeds[kind])
    assert said and len(budi.arrived) == 2, said
    assert not office.parked()


def test_a_reaction_is_answered_by_nobody_and_opens_no_window(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.says(budi, "halo")
    before = office.rows("SELECT window_until FROM conversations")
    office.wait(DAY / 2)
    office.after(budi, budi.react)
    assert len(budi.arrived) == 1
    assert office.rows("SELECT window_until FROM conversations") == before


def test_a_quoted_message_of_ours_finds_its_ticket(office: WhatsAppOffice) -> None:
    office.hire("rina", "helpdesk")
    budi = office.budi()
    first = office.reports(budi)
    second = office.reports(budi, "lupa password akun penyedia")
    from handoff.actions import ReplyToUser, Take

    office.act("rina", Take(), first)
    office.act("rina", ReplyToUser("Paket yang mana?"), first)
    office.settle()
    asked = budi.arrived[-1]
    assert "Paket yang mana?" in asked.text
    context = {"from": office.fake.display, "id": asked.id}
    office.says(budi, "paket 44012", context=context)
    rows = office.rows(
        "SELECT t.number FROM messages m JOIN tickets t ON t.id = m.ticket_id"
        " WHERE m.text = 'paket 44012'"
    )
    assert [row.number for row in rows] == [first] and first != second


def test_a_private_link_comes_whole(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.says(budi, "halo")
    said = office.says(budi, "/hubungkan")
    assert "{link}" not in said
    assert said.count("http://127.0.0.1:8080/?join=") == 1


def test_checksums_are_those_of_the_webhook() -> None:
    assert Media("1", JPEG, "image/jpeg").sha256() == base64.b64encode(
        hashlib.sha256(JPEG).digest()
    ).decode()
    assert signed(b"x", "y").body == b"x"
