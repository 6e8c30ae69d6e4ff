"""What leaves for WhatsApp: exact JSON within Meta's limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.channels import whatsapp_look as look
from bot.channels.port import Button, OutFile, Outgoing, Refused, Template
from bot.incoming import ConversationKey

BUDI = ConversationKey("whatsapp", "whatsapp:106540352242922", "ID.1234567890123456")


def words(**more: Any) -> Any:
    return look.words(Outgoing(**{"kind": "message", "key": BUDI, "text": "Halo", **more}))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def buttons(*labels: str) -> tuple[Button, ...]:
    return tuple(Button(f"7:{number}", label) for number, label in enumerate(labels))


# --- who


def test_user_id_and_number_have_a_field_each() -> None:
    assert look.address("6281234567890") == {"to": "6281234567890"}
    assert look.address("ID.1234567890123456") == {"recipient": "ID.1234567890123456"}
    assert look.address("ID.ENT.aB1") == {"recipient": "ID.ENT.aB1"}
    assert look.address("ID." + "a1" * 64) == {"recipient": "ID." + "a1" * 64}


@pytest.mark.parametrize(
    "chat", ["", "budi", "62812 345", "+62812345678", "id.123", "ID.", "ID.a b"]
)
def test_other_ids_are_refused(chat: str) -> None:
    with pytest.raises(Refused):
        look.address(chat)


def test_envelope_has_what_every_message_needs() -> None:
    assert look.envelope({"to": "628123456"}, {"type": "text", "text": {}}, "123.1") == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "628123456",
        "type": "text",
        "text": {},
        "biz_opaque_callback_data": "123.1",
    }
    assert "biz_opaque_callback_data" not in look.envelope({"to": "628123456"}, {})


# --- text


def test_text_keeps_its_bold_signs_and_shows_no_preview() -> None:
    assert words(text="Nomor *LPSE-1*.") == {
        "type": "text",
        "text": {"body": "Nomor *LPSE-1*.", "preview_url": False},
    }


def test_link_stands_below_the_text_unless_it_is_in_it() -> None:
    link = "https://loket.example/t/abc"
    assert words(link=link)["text"]["body"] == f"Halo\n\n{link}"
    assert words(link=link, text=f"Buka {link} ya")["text"]["body"] == f"Buka {link} ya"
    assert words(link=link, text="")["text"]["body"] == link


def test_link_below_a_text_too_long_is_not_cut() -> None:
    link = "https://loket.example/t/abc"
    body = words(link=link, text="k" * 5000)["text"]["body"]
    assert units(body) == 4096
    assert body.endswith(f"k…\n\n{link}")


@pytest.mark.parametrize("text", ["", "  \n", "\x00"])
def test_message_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        words(text=text)


@pytest.mark.parametrize("sign", ["k", "é", "😀", "👨‍👩‍👧 "])
def test_text_too_long_is_cut_between_characters(sign: str) -> None:
    body = words(text=sign * 5000)["text"]["body"]
    assert 4080 < units(body) <= 4096
    assert body.endswith("…")
    assert body[:-1] == (sign * 5000)[: len(body) - 1]


def test_text_of_the_longest_length_is_whole() -> None:
    assert words(text="😀" * 2048)["text"]["body"] == "😀" * 2048


def test_lone_surrogates_become_replacement_signs_everywhere() -> None:
    lone = "a\ud83d"
    choices = (Button(lone, lone, lone), *(Button(str(n), "b") for n in range(4)))
    for content in (
        words(text=lone),
        words(text=lone, buttons=choices[:1]),
        words(text=lone, buttons=choices),
        look.template(Template("n", "id", (lone,), lone)),
        look.media(OutFile("document", lone, "a/b", "k"), 1, "9", "x"),
    ):
        sent = json.dumps(content, ensure_ascii=False).encode()
        assert "a\ufffd".encode() in sent


# --- choices


def test_up_to_three_short_choices_are_buttons() -> None:
    assert words(buttons=buttons("Kirim", "Ubah", "Batal")) == {
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": "Halo"},
            "action": {
                "buttons": [
                    {"type": "reply", "reply": {"id": "7:0", "title": "Kirim"}},
                    {"type": "reply", "reply": {"id": "7:1", "title": "Ubah"}},
                    {"type": "reply", "reply": {"id": "7:2", "title": "Batal"}},
                ]
            },
        },
    }


def test_more_choices_are_a_list_with_their_details() -> None:
    choices = (*buttons("Satu", "Dua", "Tiga"), Button("7:x", "Empat", "yang keempat"))
    assert words(buttons=choices) == {
        "type": "interactive",
        "interactive": {
            "type": "list",
            "body": {"text": "Halo"},
            "action": {
                "button": "Pilih",
                "sections": [
                    {
                        "rows": [
                            {"id": "7:0", "title": "Satu"},
                            {"id": "7:1", "title": "Dua"},
                            {"id": "7:2", "title": "Tiga"},
                            {"id": "7:x", "title": "Empat", "description": "yang keempat"},
                        ]
                    }
                ],
            },
        },
    }


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (("k" * 20,), "button"),
        (("k" * 21,), "list"),
        (("😀" * 10,), "button"),
        (("😀" * 11,), "list"),
        (("Ya", "Ya "), "list"),  # Meta refuses two buttons of the same title
        (("Ya", "Tidak", "Nanti", "Batal"), "list"),
    ],
)
def test_choices_that_are_no_buttons_are_a_list(labels: tuple[str, ...], kind: str) -> None:
    assert words(buttons=buttons(*labels))["interactive"]["type"] == kind


def test_label_too_long_for_its_row_is_told_whole_below_it() -> None:
    label = "Tidak bisa masuk ke aplikasi SPSE"
    (row,) = words(buttons=buttons(label))["interactive"]["action"]["sections"][0]["rows"]
    assert row == {"id": "7:0", "title": "Tidak bisa masuk ke apl…", "description": label}
    detailed = (Button("7:0", label, "rinci"),)
    (row,) = words(buttons=detailed)["interactive"]["action"]["sections"][0]["rows"]
    assert row["description"] == "rinci"


def test_everything_stays_within_the_limits() -> None:
    choices = tuple(
        Button(f" {number}:{'v' * 400} ", "😀" * 100, "d" * 500) for number in range(12)
    )
    interactive = words(text="k" * 3000, buttons=choices)["interactive"]
    rows = interactive["action"]["sections"][0]["rows"]
    assert units(interactive["body"]["text"]) == 1024
    assert len(rows) == 10
    for row in rows:
        assert 1 <= units(row["title"]) <= 24
        assert len(row["id"]) <= 200
        assert row["id"] == row["id"].strip()
        assert units(row["description"]) <= 72
    few = words(buttons=(Button(" a" * 300, "Ya"),))["interactive"]["action"]["buttons"]
    assert len(few[0]["reply"]["id"]) <= 256
    assert few[0]["reply"]["id"][0] == "a"


def test_same_choice_twice_goes_out_once() -> None:
    choices = (Button("1:a", "Satu"), Button("1:b", "Dua"), Button("1:a", "Satu lagi"))
    action = words(buttons=choices)["interactive"]["action"]
    assert [each["reply"]["title"] for each in action["buttons"]] == ["Satu", "Dua"]


def test_choices_without_words_have_some() -> None:
    interactive = words(text=" ", buttons=(Button("1:a", " "),))["interactive"]
    assert interactive["body"]["text"] == "Silakan pilih."
    assert interactive["action"]["buttons"][0]["reply"]["title"] == "…"


# --- templates


def test_template_with_parameters_and_button() -> None:
    filled = Template("balasan_siap", "id", ("LPSE-2611-0001-X", "Budi"), "baca:12")
    assert look.template(filled) == {
        "type": "template",
        "template": {
            "name": "balasan_siap",
            "language": {"code": "id"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "LPSE-2611-0001-X"},
                        {"type": "text", "text": "Budi"},
                    ],
                },
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "0",
                    "parameters": [{"type": "payload", "payload": "baca:12"}],
                },
            ],
        },
    }


def test_template_without_anything_has_no_components() -> None:
    assert look.template(Template("salam", "id")) == {
        "type": "template",
        "template": {"name": "salam", "language": {"code": "id"}},
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("satu\ndua\r\n\r\ntiga", "satu dua tiga"),
        ("a\tb      c", "a b c"),
        ("", "-"),
        (" \n ", "-"),
        ("k" * 2000, "k" * 1023 + "…"),
    ],
)
def test_parameter_is_one_line_and_never_empty(given: str, sent: str) -> None:
    filled = look.template(Template("n", "id", (given,)))
    (body,) = filled["template"]["components"]
    assert body["parameters"] == [{"type": "text", "text": sent}]


# --- files


@pytest.mark.parametrize(
    ("kind", "mime", "size", "sent"),
    [
        ("image", "image/png", 10, "image"),
        ("image", "image/jpeg; x=y", 5 << 20, "image"),
        ("image", "image/png", (5 << 20) + 1, "document"),
        ("image", "image/webp", 10, "document"),
        ("document", "image/png", 10, "document"),
        ("document", "application/pdf", 10, "document"),
    ],
)
def test_only_pictures_meta_shows_are_images(kind: Any, mime: str, size: int, sent: str) -> None:
    content = look.media(OutFile(kind, "a.bin", mime, "b"), size, "9", "")
    assert content["type"] == sent
    assert set(content) == {"type", sent}


def test_file_carries_name_and_caption() -> None:
    file = OutFile("document", "bukti.pdf", "application/pdf", "b")
    assert look.media(file, 1, "987", "Ini") == {
        "type": "document",
        "document": {"id": "987", "caption": "Ini", "filename": "bukti.pdf"},
    }
    assert look.media(OutFile("image", "a.png", "image/png", "b"), 1, "987", "") == {
        "type": "image",
        "image": {"id": "987"},
    }


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("../../etc/pass\nwd", ".._.._etc_pass_wd"),
        ("", "berkas"),
        ("k" * 300 + ".pdf", "k" * 236 + ".pdf"),
    ],
)
def test_file_name_is_one_line_and_keeps_its_ending(name: str, sent: str) -> None:
    assert look.file_name(OutFile("document", name, "a/b", "k")) == sent


@pytest.mark.parametrize(
    ("mime", "sent"),
    [
        ("Application/PDF", "application/pdf"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("", "application/octet-stream"),
        ("a/b\r\nX: y", "application/octet-stream"),
    ],
)
def test_media_type_is_bare(mime: str, sent: str) -> None:
    assert look.media_type(OutFile("document", "a", mime, "k")) == sent


def test_caption_is_what_fits_beside_the_file() -> None:
    def caption(**more: Any) -> str | None:
        return look.caption(Outgoing("message", BUDI, **more))

    assert caption(text="k" * 1024) == "k" * 1024
    assert caption(text="") == ""
    assert caption(text="k" * 1025) is None
    assert caption(text="k", buttons=buttons("Ya")) is None


# --- signs


def test_read_sign_with_and_without_typing() -> None:
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A"}
    assert look.seen("wamid.A", typing=False) == read
    assert look.seen("wamid.A", typing=True) == {**read, "typing_indicator": {"type": "text"}}
