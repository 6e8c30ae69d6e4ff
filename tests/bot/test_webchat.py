"""The web chat's API at its edges. Every answer is held against openapi.yml (``webchat.py``)."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import string
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.web import live, webchat
from nlu.engines.port import Engine
from storage import database as storage_database
from tests.bot.webchat import Api, Browser, error_code, new_id
from tests.process import Served
from tests.rig import PNG, Rig

PDF = b"%PDF-1.7\n" + b"0" * 64
JPEG = b"\xff\xd8\xff\xe0" + b"0" * 64
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"0" * 64
PNG_FILE = ("layar.png", PNG, "image/png")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Api]:
    """One office for all tests that do not change it; each opens sessions of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webchat, "SESSIONS_PER_MINUTE", 100_000)
        patch.setattr(storage_database, "BUSY_MS", 200)
        rig = Rig(tmp_path_factory.mktemp("web"), engine)
    yield Api(rig)
    rig.close()


@pytest.fixture
def browser(api: Api) -> Browser:
    return api.open()


@contextmanager
def locked(rig: Rig) -> Iterator[None]:
    """Somebody else writes to the database and does not come to an end."""
    path = rig.places.data_dir / "loket.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def counts(rig: Rig) -> dict[str, int]:
    tables = ("contacts", "conversations", "messages", "attachments", "outbox", "events")
    tables += ("web_sessions", "links", "misses", "tickets")
    return {table: rig.count(table) for table in tables}


# Sessions


def test_a_session_says_what_may_be_sent(api: Api) -> None:
    answer = api.call("POST", "/webchat/sessions", json={}).json()
    assert answer["limits"] == {
        "max_mb": 10,
        "types": ["jpg", "jpeg", "png", "webp", "pdf", "doc", "docx", "xls", "xlsx", "txt"],
    }
    assert answer["office"] == {"name": "LPSE Kabupaten Contoh"}


@pytest.mark.parametrize("content", [b"", b"{}", b" {} ", b'{"resume": null, "join": null}'])
def test_a_session_needs_no_words(api: Api, content: bytes) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = api.call("POST", "/webchat/sessions", content=content, headers=headers)
    assert answer.status_code == 201
    assert api.call("POST", "/webchat/sessions").status_code == 201


def test_two_sessions_are_two_people(api: Api) -> None:
    one, two = api.open(), api.open()
    assert one.token != two.token
    one.say("saya Budi dari CV Maju")
    assert two.messages() == []


def test_tokens_are_kept_as_hashes_only(api: Api, browser: Browser) -> None:
    rows = api.rig.rows("SELECT * FROM web_sessions")
    assert all(browser.token not in str(tuple(row)) for row in rows)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer nobody", "Bearer ü", "nobody"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/webchat/messages"),
        ("POST", "/webchat/messages"),
        ("GET", "/webchat/events"),
        ("GET", "/webchat/files/1"),
        ("DELETE", "/webchat/links"),
        ("DELETE", "/webchat/sessions/current"),
    ],
)
def test_without_a_session_everything_is_401(
    api: Api, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = api.call(method, path, headers=headers)
    assert answer.status_code == 401
    assert error_code(answer) == "no_session"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_ended_session_is_over_and_the_conversation_stays(api: Api, browser: Browser) -> None:
    link = browser.open_ticket()["link"]
    assert browser.call("DELETE", "/webchat/sessions/current").status_code == 204
    assert browser.call("GET", "/webchat/messages").status_code == 401
    assert browser.post(text="halo").status_code == 401
    again = api.open(resume=link.rpartition("/")[2])
    assert "LPSE-" in " ".join(message["text"] for message in again.messages())


@pytest.mark.parametrize(
    "content",
    [
        b'{"resume": 7}',
        b'{"resume": ["x"]}',
        b'{"resume": "%s"}' % (b"x" * 101),
        b'{"secret": "x"}',
        b"[]",
        b'"x"',
        b"null",
        b"{",
        b'{"resume": "x"',
        b"\xff\xfe",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"[" * 100_000,
        b"1" * 10_000,
        b"NaN",
    ],
)
def test_a_malformed_session_request_is_400(api: Api, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.call("POST", "/webchat/sessions", content=content, headers=headers)
    assert answer.status_code == 400


def test_a_session_request_of_another_type_is_415(api: Api) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = api.call("POST", "/webchat/sessions", content=b"{}", headers=headers)
    assert answer.status_code == 415


def test_many_new_sessions_from_one_network_are_slowed_and_others_are_not(
    make_rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webchat, "SESSIONS_PER_MINUTE", 3)
    api = Api(make_rig())
    codes = [api.call("POST", "/webchat/sessions", json={}).status_code for _ in range(6)]
    assert codes == [201, 201, 201, 201, 429, 429]
    assert api.call("POST", "/webchat/sessions", host="10.0.0.9", json={}).status_code == 201
    assert api.rig.count("conversations") == 5


# Private links


def test_a_private_link_reads_the_same_chat_on_another_device(api: Api, browser: Browser) -> None:
    link = browser.open_ticket()["link"]
    assert link.startswith("http://127.0.0.1:8080/t/r")
    other = api.open(resume=link.rpartition("/")[2])
    assert other.messages() == browser.messages()
    other.say("halo dari HP")
    assert other.messages() == browser.messages()
    third = api.open(resume=link.rpartition("/")[2])
    assert third.messages() == browser.messages()


def test_a_revoked_link_is_gone_and_so_is_who_came_by_it(api: Api, browser: Browser) -> None:
    token = browser.open_ticket()["link"].rpartition("/")[2]
    other = api.open(resume=token)
    assert browser.call("DELETE", "/webchat/links").status_code == 204
    answer = api.call("POST", "/webchat/sessions", json={"resume": token})
    assert answer.status_code == 410
    assert error_code(answer) == "link_gone"
    assert other.call("GET", "/webchat/messages").status_code == 401
    assert browser.messages()
    assert browser.call("DELETE", "/webchat/links").status_code == 204


def test_a_link_can_be_revoked_in_the_chat_itself(api: Api, browser: Browser) -> None:
    token = browser.open_ticket()["link"].rpartition("/")[2]
    browser.say("cabut tautan")
    assert api.call("POST", "/webchat/sessions", json={"resume": token}).status_code == 410


@pytest.mark.parametrize(
    "token", ["", "x", "r1_" + "a" * 22, "r٣_" + "a" * 22, "j1_" + "a" * 22, "\ud800", "\x00", "🎫"]
)
@pytest.mark.parametrize("word", ["resume"])
def test_an_unknown_link_is_410_whatever_it_looks_like(api: Api, word: str, token: str) -> None:
    content = json.dumps({word: token}).encode()
    headers = {"Content-Type": "application/json"}
    answer = api.call("POST", "/webchat/sessions", content=content, headers=headers)
    assert answer.status_code == 410


@pytest.mark.parametrize("token", ["x", "j1_" + "a" * 22, "j٣_" + "a" * 22, "\ud800", "r1_abc"])
def test_an_unknown_joining_link_is_told_in_the_conversation(api: Api, token: str) -> None:
    content = json.dumps({"join": token}).encode()
    headers = {"Content-Type": "application/json"}
    answer = api.call("POST", "/webchat/sessions", content=content, headers=headers)
    assert answer.status_code == 201
    api.rig.settle()
    said = Browser(api, answer.json()["session"]).messages()
    assert token == "\ud800" or "Tautan" in " ".join(message["text"] for message in said)


def join_token(browser: Browser) -> str:
    said = browser.say("hubungkan")
    link: str = next(message["link"] for message in said if message["link"])
    return link.rpartition("join=")[2]


def test_a_joining_link_joins_two_chats_once(api: Api) -> None:
    one, two, three = api.open(), api.open(), api.open()
    number = one.open_ticket()["text"]
    token = join_token(one)
    joined = api.call("POST", "/webchat/sessions", json={"join": token}, headers=two.headers).json()
    assert joined["session"] == two.token  # the same conversation goes on
    api.rig.settle()
    assert "Berhasil" in two.messages()[-1]["text"]
    assert two.say("cek tiket")[-1]["text"][:10] in number or "LPSE-" in str(two.messages())
    api.call("POST", "/webchat/sessions", json={"join": token}, headers=three.headers)
    api.rig.settle()
    assert "sudah dipakai" in three.messages()[-1]["text"]
    assert "LPSE-" not in str(three.say("cek tiket"))


def test_joining_twice_from_one_chat_is_said_once(api: Api) -> None:
    one, two = api.open(), api.open()
    token = join_token(one)
    for _ in range(2):
        api.call("POST", "/webchat/sessions", json={"join": token}, headers=two.headers)
    api.rig.settle()
    assert len([message for message in two.messages() if message["from"] == "bot"]) == 1


def test_a_joining_link_dies_after_a_quarter_of_an_hour(api: Api) -> None:
    one, two = api.open(), api.open()
    token = join_token(one)
    api.rig.wait(timedelta(minutes=15))
    api.call("POST", "/webchat/sessions", json={"join": token}, headers=two.headers)
    api.rig.settle()
    assert "kedaluwarsa" in two.messages()[-1]["text"]


def test_joining_with_a_session_that_ended_is_401(api: Api, browser: Browser) -> None:
    token = join_token(api.open())
    browser.call("DELETE", "/webchat/sessions/current")
    answer = api.call("POST", "/webchat/sessions", json={"join": token}, headers=browser.headers)
    assert answer.status_code == 401


# Messages


def test_the_same_message_eight_times_at_once_is_one_row_and_one_answer(
    api: Api, browser: Browser
) -> None:
    content = {"message_id": new_id(), "text": "lupa password akun penyedia"}

    async def eight() -> list[httpx.Response]:
        asked = (browser.ask("POST", "/webchat/messages", json=content) for _ in range(8))
        return list(await asyncio.gather(*asked))

    answers = [answer.json() for answer in api.rig.run(eight())]
    assert sorted(answer["duplicate"] for answer in answers) == [False] + [True] * 7
    assert {answer["seq"] for answer in answers} == {1}
    api.rig.settle()
    said = browser.messages()
    assert [message["from"] for message in said].count("user") == 1
    assert said[0]["message_id"] == content["message_id"]


def test_the_same_id_in_two_conversations_is_two_messages(api: Api) -> None:
    one, two = api.open(), api.open()
    assert one.post("same", text="halo").json()["duplicate"] is False
    assert two.post("same", text="halo").json()["duplicate"] is False


def test_one_button_tapped_twice_opens_one_form(api: Api, browser: Browser) -> None:
    browser.say("min")
    choice = browser.choices()["Buat tiket"]
    browser.post(choice=choice)
    browser.post(choice=choice)
    api.rig.settle()
    texts = [m["text"] for m in browser.messages() if m["from"] == "bot"]
    assert sum("Kita isi formulir" in text for text in texts) == 1


@pytest.mark.parametrize("choice", ["0:nothing", "99:kirim", "x", ":", "1:", "-1:a", "²:a", "🎫"])
def test_a_choice_that_was_never_offered_changes_nothing(browser: Browser, choice: str) -> None:
    browser.say("buat tiket")
    before = browser.messages()[-1]["text"]
    assert browser.post(choice=choice).status_code == 202
    browser.api.rig.settle()
    assert before.splitlines()[-1] in browser.messages()[-1]["text"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "halo"},
        {"message_id": "a"},
        {"message_id": "a", "text": None, "choice": None},
        {"message_id": "a", "text": ""},
        {"message_id": "a", "text": " \n\t\u00a0\u200b"},
        {"message_id": "a", "text": "\x00\u202e"},
        {"message_id": "a", "choice": ""},
        {"message_id": "a", "choice": "1:" + "a" * 63},
        {"message_id": "a", "text": "a", "choice": "1:a"},
        {"message_id": "a", "text": 7},
        {"message_id": "a", "text": ["a"]},
        {"message_id": "a", "text": "a", "from": "bot"},
        {"message_id": "", "text": "a"},
        {"message_id": "a" * 65, "text": "a"},
        {"message_id": "a b", "text": "a"},
        {"message_id": "a\n", "text": "a"},
        {"message_id": "é", "text": "a"},
        {"message_id": "../a", "text": "a"},
        {"message_id": 7, "text": "a"},
        {"message_id": None, "text": "a"},
        [],
        "halo",
        7,
    ],
)
def test_a_message_that_breaks_a_rule_is_400_and_nothing_is_kept(
    api: Api, browser: Browser, body: Any
) -> None:
    before = counts(api.rig)
    assert browser.call("POST", "/webchat/messages", json=body).status_code == 400
    assert counts(api.rig) == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"halo",
        b"null",
        b"\xff",
        b'{"message_id": "a", "text": "\xff"}',
        b'{"message_id": "a", "text": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"message_id": "a", "text": Infinity}',
        b'{"message_id": "a", "text": "a"} x',
        b"9" * 5000,
    ],
)
def test_malformed_json_is_400(browser: Browser, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = browser.call("POST", "/webchat/messages", content=content, headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "json"])
def test_another_content_type_is_415(browser: Browser, kind: str) -> None:
    body = b'{"message_id": "a", "text": "halo"}'
    answer = browser.call("POST", "/webchat/messages", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415


def test_a_huge_body_is_413_with_a_length_and_without(browser: Browser) -> None:
    huge = json.dumps({"message_id": "a", "text": "x" * 700_000}).encode()
    headers = {"Content-Type": "application/json"}
    told = browser.call("POST", "/webchat/messages", content=huge, headers=headers)
    assert told.status_code == 413

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(huge), 60_000):
            yield huge[at : at + 60_000]

    untold = browser.call("POST", "/webchat/messages", content=pieces(), headers=headers)
    assert untold.status_code == 413


def test_a_hundred_thousand_characters_are_taken_and_kept_whole(api: Api, browser: Browser) -> None:
    text = "gagal upload penawaran. " * 4200
    assert browser.post(text=text).status_code == 202
    api.rig.settle()
    mine, *answers = browser.messages()
    assert len(mine["text"]) <= 8000
    assert answers
    (file,) = mine["files"]
    whole = browser.call("GET", file["url"])
    assert whole.text == text.strip()
    assert whole.headers["content-disposition"] == "attachment"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("halo\x00 min", "halo min"),
        ("gagal \ud83d upload", "gagal  upload"),
        ("\ud83d\ude4f terima kasih", "🙏 terima kasih"),
        ("me\u202enil", "menil"),
        ("مرحبا", "مرحبا"),
        ("baris\r\nkedua", "baris\nkedua"),
    ],
)
def test_odd_characters_are_cleaned_and_the_rest_is_kept(
    browser: Browser, sent: str, kept: str
) -> None:
    content = json.dumps({"message_id": new_id(), "text": sent}).encode()
    headers = {"Content-Type": "application/json"}
    answer = browser.call("POST", "/webchat/messages", content=content, headers=headers)
    assert answer.status_code == 202
    assert browser.messages()[0]["text"] == kept


def test_markup_is_text_and_nothing_else(browser: Browser) -> None:
    browser.say("<script>alert(1)</script> {{ 7*7 }} *tebal*")
    assert browser.messages()[0]["text"] == "<script>alert(1)</script> {{ 7*7 }} *tebal*"


def test_a_masked_secret_is_masked_for_the_sender_too(browser: Browser) -> None:
    browser.say("pw saya Rahasia123")
    assert "Rahasia123" not in str(browser.messages())


# Reading


def test_pages_follow_each_other_without_gap_or_repeat(api: Api) -> None:
    browser = api.open()
    for n in range(130):
        assert browser.post(text=f"pesan nomor {n}").status_code == 202
    for _ in range(4):
        api.rig.wait(timedelta(seconds=60))
    seen: list[int] = []
    cursor, more = 0, True
    while more:
        page = browser.page(cursor)
        seen += [message["seq"] for message in page["messages"]]
        assert page["cursor"] == seen[-1]
        cursor, more = page["cursor"], page["more"]
    assert seen == sorted(set(seen))
    assert len(seen) > 130
    assert browser.page(cursor) == {"messages": [], "cursor": cursor, "more": False}


def test_the_cursor_never_jumps_over_a_message_on_its_way(api: Api, browser: Browser) -> None:
    """The answer waits for its breath; the user writes on; then the answer comes."""
    browser.post(text="min")
    waiting = browser.page()
    browser.post(choice="0:nothing")
    held = browser.page(waiting["cursor"])
    api.rig.settle()
    later = browser.messages(held["cursor"])
    everything = browser.messages()
    assert [m["seq"] for m in waiting["messages"] + held["messages"] + later] == [
        message["seq"] for message in everything
    ]
    assert [m["seq"] for m in everything] == sorted({m["seq"] for m in everything})


def test_a_withdrawn_answer_is_never_shown(api: Api, browser: Browser) -> None:
    """A burst: the answer to the first half is taken back when the second half comes."""
    browser.post(text="min mau tanya")
    browser.post(text="lupa password akun penyedia")
    api.rig.settle()
    withdrawn = api.rig.rows(
        "SELECT m.seq FROM outbox o JOIN messages m ON m.id = o.message_id"
        " JOIN web_sessions w ON w.conversation_id = m.conversation_id"
        " WHERE o.state = 'withdrawn' AND w.token_hash = :hash",
        hash=webchat._hash(browser.token),
    )
    assert len(withdrawn) == 1
    assert withdrawn[0].seq not in [message["seq"] for message in browser.messages()]


@pytest.mark.parametrize(
    "after", ["", "-1", "x", "1.5", "1e3", "٣", "9" * 16, "9" * 5000, " 1", "0x1", "null"]
)
def test_a_cursor_that_is_no_number_is_400(browser: Browser, after: str) -> None:
    for path in ("/webchat/messages", "/webchat/events"):
        assert browser.call("GET", path, params={"after": after}).status_code == 400


def test_a_cursor_beyond_the_end_is_an_empty_page(browser: Browser) -> None:
    browser.say("halo")
    page = browser.page(999_999_999_999_999)
    assert page == {"messages": [], "cursor": 999_999_999_999_999, "more": False}


# Files


@pytest.mark.parametrize(
    ("file", "kind", "served"),
    [
        (("layar.png", PNG, "image/png"), "image", "image/png"),
        (("foto.JPG", JPEG, "image/jpeg"), "image", "image/jpeg"),
        (("foto.webp", WEBP, "image/webp"), "image", "image/webp"),
        (("izin.pdf", PDF, "application/pdf"), "document", "application/octet-stream"),
        (("surat.docx", b"PK\x03\x04xx", "x/y"), "document", "application/octet-stream"),
        (("catatan.txt", b"halo", "text/plain"), "document", "application/octet-stream"),
        # what the sender claims does not decide how it is shown
        (("catatan.txt", b"halo", "image/png"), "document", "application/octet-stream"),
        (("layar.png", PNG, "text/html"), "image", "image/png"),
        (("layar.png", PNG, "audio/ogg"), "image", "image/png"),
        (("suara.webm", b"\x1aE\xdf\xa3x", "audio/webm;codecs=opus"), "voice", None),
    ],
)
def test_a_file_is_kept_and_served_as_what_it_is(
    browser: Browser, file: tuple[str, bytes, str], kind: str, served: str | None
) -> None:
    assert browser.send(file).status_code == 202
    (shown,) = browser.messages()[0]["files"]
    assert (shown["name"], shown["kind"], shown["state"]) == (file[0], kind, "stored")
    answer = browser.call("GET", shown["url"])
    assert answer.content == file[1]
    assert answer.headers["content-type"] == (served or "application/octet-stream")
    inline = answer.headers["content-disposition"] == "inline"
    assert inline is (kind == "image")


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (("layar.png", b"MZ\x90\x00" + b"0" * 64, "image/png"), 415, "bad_type"),
        (("layar.png", b"<svg xmlns='x'></svg>", "image/png"), 415, "bad_type"),
        (("catatan.txt", b"MZ\x90\x00", "text/plain"), 415, "bad_type"),
        (("catatan.txt", b"\x7fELF", "text/plain"), 415, "bad_type"),
        (("catatan.txt", b"#!/bin/sh\n", "text/plain"), 415, "bad_type"),
        (("catatan.txt", b"  <HTML><script>", "text/plain"), 415, "bad_type"),
        (("catatan.txt", b"\xef\xbb\xbf<!DOCTYPE html>", "text/plain"), 415, "bad_type"),
        (("catatan.txt", b"<?xml version='1.0'?>\n<svg>", "text/plain"), 415, "bad_type"),
        (("foto.webp", b"RIFF\x24\x00\x00\x00AVI LIST", "image/webp"), 415, "bad_type"),
        (("gambar.svg", b"<svg/>", "image/svg+xml"), 415, "bad_type"),
        (("halaman.html", b"<html>", "text/html"), 415, "bad_type"),
        (("virus.exe", b"x", "image/png"), 415, "bad_type"),
        (("virus.png.exe", PNG, "image/png"), 415, "bad_type"),
        (("png", PNG, "image/png"), 415, "bad_type"),
        ((".png", PNG, "image/png"), 415, "bad_type"),
        (("layar.png.", PNG, "image/png"), 415, "bad_type"),
        (("lagu.mp3", b"ID3", "audio/mpeg"), 202, ""),
        (("lagu.mp3", b"ID3", "text/plain"), 415, "bad_type"),
        (("film.mp4", b"xx", "video/mp4"), 415, "bad_type"),
        (("layar.png", b"", "image/png"), 400, "empty"),
        ((" ", b"", "application/octet-stream"), 400, "empty"),
        (("besar.txt", b"0" * 10_000_001, "text/plain"), 413, "too_big"),
        (("pas.txt", b"0" * 10_000_000, "text/plain"), 202, ""),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_a_sentence(
    api: Api, browser: Browser, file: tuple[str, bytes, str], status: int, code: str
) -> None:
    before = counts(api.rig)
    answer = browser.send(file)
    assert answer.status_code == status
    if status != 202:
        assert error_code(answer) == code
        assert counts(api.rig) == before


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("..\\..\\windows\\layar.png", "layar.png"),
        ("/etc/layar.png", "layar.png"),
        ("C:\\fakepath\\layar.png", "layar.png"),
        ("<script>alert(1)<script>.png", "<script>alert(1)<script>.png"),
        ("a" * 200 + ".png", "a" * 116 + ".png"),
        ("layar\u202egnp.exe.png", "layargnp.exe.png"),
        ("bukti \N{PARTY POPPER}.png", "bukti \N{PARTY POPPER}.png"),
        ("gambar\u00a0layar.png", "gambar layar.png"),
        ("ktp 3171234567890001.png", None),
        ("tanda\r\nX-Header: 1.png", None),
        ('"petik".png', None),
    ],
)
def test_a_file_s_name_is_only_a_name(browser: Browser, name: str, kept: str | None) -> None:
    assert browser.send((name, PNG, "image/png")).status_code == 202
    shown = browser.messages()[0]["files"][0]
    if kept is not None:
        assert shown["name"] == kept
    assert shown["name"].endswith(".png")
    assert len(shown["name"]) <= 120
    assert "3171234567890001" not in shown["name"]
    assert browser.call("GET", shown["url"]).content == PNG


def test_a_name_that_hides_its_end_is_judged_by_its_true_end(browser: Browser) -> None:
    assert browser.send(("foto\u202egnp.exe", PNG, "image/png")).status_code == 415
    assert browser.send(("layar.png\u200b", PNG, "image/png")).status_code == 202


def test_ten_files_are_taken_and_eleven_are_not(api: Api, browser: Browser) -> None:
    answer = browser.send(*[PNG_FILE] * 11)
    assert (answer.status_code, error_code(answer)) == (400, "too_many_files")
    assert "10 berkas" in answer.json()["error"]["message"]
    assert browser.send(*[PNG_FILE] * 60).status_code == 400
    assert browser.messages() == []
    assert browser.send(*[PNG_FILE] * 10).status_code == 202
    assert len(browser.messages()[0]["files"]) == 10


def test_one_bad_file_among_good_ones_keeps_none(api: Api, browser: Browser) -> None:
    folder = api.rig.places.data_dir / "files"
    kept = sorted(folder.rglob("*"))
    good = ("baru.txt", b"belum pernah ada", "text/plain")
    assert browser.send(good, ("virus.exe", b"MZ", "image/png")).status_code == 415
    assert browser.messages() == []
    assert sorted(folder.rglob("*")) == kept


def test_a_caption_comes_with_its_file(api: Api, browser: Browser) -> None:
    assert browser.send(PNG_FILE, text="gagal upload \x00penawaran").status_code == 202
    assert browser.messages()[0]["text"] == "gagal upload penawaran"


def test_the_same_upload_twice_is_one_message(browser: Browser) -> None:
    first = browser.send(PNG_FILE, message_id="same").json()
    again = browser.send(PNG_FILE, message_id="same").json()
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert first["seq"] == again["seq"]
    assert len(browser.messages()[0]["files"]) == 1


FORMS: list[tuple[dict[str, Any], int]] = [
    ({"data": {"message_id": "a"}, "files": {"berkas": PNG_FILE}}, 400),
    ({"data": {"message_id": "a"}, "files": {"text": PNG_FILE}}, 400),
    ({"data": {"message_id": "a", "choice": "1:a"}, "files": {"file": PNG_FILE}}, 400),
    ({"data": {"message_id": "a", "file": "x", "text": "x"}, "files": {"file": PNG_FILE}}, 400),
    ({"data": {"message_id": ["a", "b"]}, "files": {"file": PNG_FILE}}, 400),
    ({"data": {"message_id": "a b"}, "files": {"file": PNG_FILE}}, 400),
    ({"data": {}, "files": {"file": PNG_FILE}}, 400),
    ({"data": {"message_id": "a", "text": "x" * 700_000}, "files": {"file": PNG_FILE}}, 400),
    ({"data": {f"f{n}": "x" for n in range(60)}, "files": {"file": PNG_FILE}}, 400),
]


@pytest.mark.parametrize(("form", "status"), FORMS)
def test_a_form_that_breaks_a_rule_is_refused(
    browser: Browser, form: dict[str, Any], status: int
) -> None:
    assert browser.call("POST", "/webchat/messages", **form).status_code == status
    assert browser.messages() == []


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile")  # of the part that was cut
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary="),
        (b"xx", "multipart/form-data; boundary=b"),
        (b"--b\r\n", "multipart/form-data; boundary=b"),
        (
            b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
            "multipart/form-data; boundary=b",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="message_id"\r\n\r\na\r\n--b\r\n'
            b'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n\x89PNG',
            "multipart/form-data; boundary=b",
        ),
        (b"--" + b"x" * 300 + b"--", "multipart/form-data; boundary=" + "x" * 300),
    ],
)
def test_a_form_that_is_cut_or_broken_is_400(browser: Browser, content: bytes, kind: str) -> None:
    answer = browser.call(
        "POST", "/webchat/messages", content=content, headers={"Content-Type": kind}
    )
    assert answer.status_code == 400
    assert browser.messages() == []


def test_an_upload_without_a_length_is_411_and_one_too_long_413(browser: Browser) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"--b--"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = browser.call("POST", "/webchat/messages", content=pieces(), headers=headers)
    assert answer.status_code == 411
    headers["Content-Length"] = "200000000"
    answer = browser.call("POST", "/webchat/messages", content=b"--b--", headers=headers)
    assert answer.status_code == 413


def test_somebody_else_s_file_is_404_like_one_that_is_not_there(api: Api) -> None:
    one, two = api.open(), api.open()
    one.send(PNG_FILE)
    url = one.messages()[0]["files"][0]["url"]
    foreign, unknown = two.call("GET", url), two.call("GET", "/webchat/files/999999")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()
    assert one.call("GET", url).status_code == 200


@pytest.mark.parametrize(
    "number", ["0", "-1", "x", "1.0", "9" * 16, "9" * 30, "9" * 5000, "%D9%A3", "..%2f1", "1%00"]
)
def test_a_file_number_that_is_none_is_404(browser: Browser, number: str) -> None:
    assert browser.call("GET", f"/webchat/files/{number}").status_code == 404


def test_a_file_whose_bytes_are_gone_is_404(
    make_rig: Callable[..., Rig], caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig()
    browser = Api(rig).open()
    browser.send(PNG_FILE)
    for path in (rig.places.data_dir / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    assert browser.call("GET", browser.messages()[0]["files"][0]["url"]).status_code == 404
    assert "gone" in caplog.text


# Live


def test_the_stream_brings_what_is_missing_then_what_comes(api: Api, browser: Browser) -> None:
    browser.say("halo")
    known = browser.messages()

    async def follow() -> None:
        async with browser.live() as stream:
            assert (await stream.block())[""]
            for message in known:
                assert await stream.event("message") == message
            assert stream.headers["cache-control"] == "no-store"
            assert stream.headers["content-type"].startswith("text/event-stream")
            await browser.ask("POST", "/webchat/messages", json={"message_id": "x", "text": "min"})
            mine = await stream.event("message")
            assert (mine["from"], mine["message_id"]) == ("user", "x")
            assert await stream.event("typing") == {"on": True}
            api.rig.clock.move(timedelta(seconds=5))
            await api.rig.loket.delivery.drain()
            assert (await stream.event("message"))["from"] == "bot"
            assert await stream.event("typing") == {"on": False}

    api.rig.run(follow())


def test_last_event_id_wins_over_after(api: Api, browser: Browser) -> None:
    browser.say("halo")
    last = browser.messages()[-1]["seq"]

    async def follow() -> None:
        async with browser.live(after=0, last_event_id=str(last)) as stream:
            assert await stream.quiet()
        async with browser.live(after=last - 1, last_event_id="") as stream:
            assert (await stream.event("message"))["seq"] == last

    api.rig.run(follow())
    for bad in ("x", "-1", "9" * 16):
        answer = browser.call("GET", "/webchat/events", headers={"Last-Event-ID": bad})
        assert answer.status_code == 400


def test_a_long_conversation_comes_whole_and_at_once(api: Api) -> None:
    browser = api.open()
    for n in range(120):
        browser.post(text=f"pesan {n}")
    api.rig.wait(timedelta(minutes=2))
    expected = [m["seq"] for m in browser.messages()] + [m["seq"] for m in browser.messages(100)]

    async def follow() -> list[int]:
        async with browser.live() as stream:
            return [(await stream.event("message"))["seq"] for _ in sorted(set(expected))]

    assert api.rig.run(follow()) == sorted(set(expected))


def test_a_stream_hears_nothing_of_other_conversations(api: Api) -> None:
    one, two = api.open(), api.open()

    async def follow() -> None:
        async with one.live() as stream:
            await stream.block()
            await two.ask("POST", "/webchat/messages", json={"message_id": "x", "text": "halo"})
            assert await stream.quiet()

    api.rig.run(follow())


def test_a_quiet_stream_is_kept_alive(
    make_rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "KEEP_ALIVE", 0.05)
    api = Api(make_rig())
    browser = api.open()

    async def follow() -> None:
        async with browser.live() as stream:
            for _ in range(4):
                assert list(await stream.block()) == [""]

    api.rig.run(follow())


def test_a_stream_ends_with_its_session(api: Api, browser: Browser) -> None:
    async def follow() -> None:
        async with browser.live() as stream:
            await stream.block()
            await browser.ask("DELETE", "/webchat/sessions/current")
            assert await stream.ended()

    api.rig.run(follow())


def test_a_stream_opened_by_a_link_ends_when_the_link_is_revoked(
    api: Api, browser: Browser
) -> None:
    token = browser.open_ticket()["link"].rpartition("/")[2]
    other = api.open(resume=token)
    last = browser.messages()[-1]["seq"]

    async def follow() -> None:
        async with other.live(after=last) as theirs, browser.live(after=last) as mine:
            await theirs.block()
            await browser.ask("DELETE", "/webchat/links")
            assert await theirs.ended()
            assert await mine.quiet()
            assert not mine.over.is_set()

    api.rig.run(follow())


def test_a_session_that_is_over_is_shown_nothing_more_even_if_nobody_rang(
    make_rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another replica ended it: this one finds out when it next looks."""
    monkeypatch.setattr(live, "KEEP_ALIVE", 0.1)
    api = Api(make_rig())
    browser = api.open()

    async def follow() -> None:
        async with browser.live() as stream:
            await stream.block()
            with sqlite3.connect(api.rig.places.data_dir / "loket.db") as other:
                other.execute("UPDATE web_sessions SET ended_at = 1")
            other.close()
            assert await stream.ended()

    api.rig.run(follow())


def test_streams_end_when_the_server_stops(make_rig: Callable[..., Rig]) -> None:
    api = Api(make_rig())
    browser = api.open()

    async def follow() -> None:
        async with browser.live() as stream:
            await stream.block()
            api.rig.loket.bells.pages.close()
            assert await stream.ended()

    api.rig.run(follow())


def test_a_page_that_goes_away_leaves_nothing_behind(api: Api, browser: Browser) -> None:
    async def follow() -> None:
        async with browser.live() as stream:
            await stream.block()
            assert api.rig.loket.bells.pages._pages

    api.rig.run(follow())
    assert not api.rig.loket.bells.pages._pages


def test_asking_for_the_head_of_a_stream_does_not_hang(browser: Browser) -> None:
    answer = browser.call("HEAD", "/webchat/events")
    assert answer.status_code == 200


def test_the_real_server_streams_and_lets_go_when_it_is_stopped(
    tmp_path: Path, engine: Engine
) -> None:
    served = Served(tmp_path, lambda raw: None)
    served.start()
    try:
        with httpx.Client(base_url=served.url, timeout=20) as client:
            token = client.post("/webchat/sessions", json={}).json()["session"]
            client.headers["Authorization"] = f"Bearer {token}"
            with client.stream("GET", "/webchat/events") as stream:
                lines = stream.iter_lines()
                assert next(lines).startswith(":")
                body = {"message_id": "a", "text": "lupa password akun penyedia"}
                assert client.post("/webchat/messages", json=body).status_code == 202
                said = [json.loads(line[6:]) for line in _data(lines, 4)]
                assert [m["from"] for m in said if "from" in m] == ["user", "bot"]
                assert served.stop() == 0
                assert list(lines) is not None  # the stream ended by itself
    finally:
        served.kill()
    assert "Traceback" not in served.log()


def _data(lines: Iterator[str], count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        line = next(lines)
        if line.startswith("data: "):
            found.append(line)
    return found


# The database is away


def test_while_the_database_is_locked_everything_is_503_and_nothing_half_done(
    api: Api, browser: Browser
) -> None:
    browser.say("halo")
    before, shown = counts(api.rig), browser.messages()
    with locked(api.rig):
        answers = [
            browser.post("later", text="saya Budi"),
            browser.send(PNG_FILE, message_id="later-file"),
            api.call("POST", "/webchat/sessions", json={}),
            browser.call("DELETE", "/webchat/links"),
            browser.call("DELETE", "/webchat/sessions/current"),
        ]
        assert browser.messages() == shown  # reading goes on
    for answer in answers:
        assert answer.status_code == 503
        assert error_code(answer) == "unavailable"
    assert counts(api.rig) == before
    assert browser.post("later", text="saya Budi").json()["duplicate"] is False
    assert browser.send(PNG_FILE, message_id="later-file").json()["duplicate"] is False
    assert browser.post("later", text="saya Budi").json()["duplicate"] is True


def test_a_disk_that_takes_no_files_is_503_and_never_poison(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig()
    browser = Api(rig).open()
    (rig.places.data_dir / "files").write_text("in the way")
    assert browser.send(PNG_FILE).status_code == 503
    assert browser.post(text="panjang " * 2000).status_code == 503  # its rest would be a file
    assert (rig.count("messages"), rig.count("parked")) == (0, 0)
    (rig.places.data_dir / "files").unlink()
    assert browser.send(PNG_FILE).status_code == 202


def test_a_stream_whose_database_goes_away_just_ends(
    api: Api, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def follow() -> None:
        async with browser.live() as stream:
            await stream.block()

            def away(*_: object) -> None:
                raise storage_database.Unavailable("gone")

            with monkeypatch.context() as patch:
                patch.setattr(webchat.people, "session", away)
                api.rig.loket.bells.pages.ring(conversation_of(api, browser))
                assert await stream.ended()

    api.rig.run(follow())


def conversation_of(api: Api, browser: Browser) -> int:
    hash_ = webchat._hash(browser.token)
    query = "SELECT conversation_id FROM web_sessions WHERE token_hash = :hash"
    return int(api.rig.rows(query, hash=hash_)[0][0])


# The rest of the server


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/webchat", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("GET", "/static/..%2f..%2fconfig.py", 404),
        ("GET", "/t/", 404),
        ("GET", "/webchat/sessions", 405),
        ("PUT", "/webchat/messages", 405),
        ("POST", "/", 405),
        ("DELETE", "/webchat/files/1", 405),
        ("POST", "/static/chat.js", 405),
        ("POST", "/webhooks/telegram", 404),  # closed here
    ],
)
def test_what_is_not_there_says_so_in_a_sentence(
    api: Api, method: str, path: str, status: int
) -> None:
    answer = api.call(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_a_method_that_is_not_known_is_told_which_are(api: Api) -> None:
    assert set(api.call("PUT", "/webchat/messages").headers["allow"].split(", ")) == {
        "GET",
        "HEAD",
        "POST",
    }


@pytest.mark.parametrize(
    "path", ["/", "/t/r1_abc", "/?join=%3Cscript%3E%22", "/static/chat.js", "/healthz"]
)
def test_pages_have_the_headers_too(api: Api, path: str) -> None:
    answer = api.call("GET", path)
    assert answer.status_code == 200
    assert '<script>"' not in answer.text


@pytest.mark.parametrize("token", ["%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "x" * 5000, "%00"])
def test_a_token_in_the_address_stays_text(api: Api, token: str) -> None:
    answer = api.call("GET", f"/t/{token}")
    assert "<script>alert" not in answer.text


def test_the_description_is_served_as_it_is(api: Api) -> None:
    served = api.call("GET", "/openapi.json").json()
    assert served["openapi"] == "3.1.0"
    assert set(served["paths"]) >= {"/webchat/sessions", "/webchat/messages", "/webchat/events"}


def test_our_own_fault_is_500_without_a_word_about_it(
    api: Api, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret inner words")

    monkeypatch.setattr(webchat.messages, "page", broken)
    transport = httpx.ASGITransport(api.rig.loket.app, raise_app_exceptions=False)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get("/webchat/messages", headers=browser.headers)

    answer = api.rig.run(ask())
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "broken"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


# Anything at all

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {"message_id": st.text(string.ascii_letters + string.digits + "_-é ", max_size=70)},
        optional={"text": st.text() | ANYTHING, "choice": st.text() | ANYTHING},
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=BODIES)
def test_no_json_at_all_breaks_the_api(api: Api, body: Any) -> None:
    browser = _one(api)
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    for path in ("/webchat/messages", "/webchat/sessions"):
        answer = browser.call("POST", path, content=content, headers=headers)
        assert answer.status_code < 500


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.text(min_size=1, max_size=150),
    data=st.binary(max_size=60),
    kind=st.sampled_from(["image/png", "audio/ogg", "text/html", "", "x"]),
    text=st.text(max_size=40),
)
def test_no_upload_at_all_breaks_the_api(
    api: Api, name: str, data: bytes, kind: str, text: str
) -> None:
    safe = name.encode(errors="replace").decode()
    answer = _one(api).send(
        (safe + ".txt", data, kind), text=text.encode(errors="replace").decode()
    )
    assert answer.status_code < 500


def _one(api: Api) -> Browser:
    """A new conversation each time, so that no flood is slowed."""
    return api.open()
