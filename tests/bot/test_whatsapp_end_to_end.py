"""WhatsApp from end to end: what its users and agents do, and what they read."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nlu.engines.port import Engine
from tests.bot.whatsapp_office import DAY, WhatsAppOffice
from tests.people import NUMBER
from tests.platforms.whatsapp_users import Media

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 400


@pytest.fixture
def office(tmp_path: Path, engine: Engine) -> Iterator[WhatsAppOffice]:
    office = WhatsAppOffice(tmp_path / "office", engine)
    yield office
    office.close()


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
    assert found
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
    assert "besar.pdf" in said
    assert "MB" in said


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
    assert said
    assert len(budi.arrived) == 2
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
    assert [row.number for row in rows] == [first]
    assert first != second


def test_a_private_link_comes_whole(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.says(budi, "halo")
    said = office.says(budi, "/hubungkan")
    assert "{link}" not in said
    assert said.count("http://127.0.0.1:8080/?join=") == 1
