"""`loket serve` as it runs at an office, against lo-bot-api-emulator: by webhook, by polling."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from bot.channels.telegram_webhook import SECRET_HEADER
from nlu.engines.port import Engine
from tests.people import NUMBER, Heard, Script, plain
from tests.process import WEBHOOK_SECRET, Served, eventually, quiet_port
from tests.rig import office_config
from tests.telegram_peer import EMULATOR, Emulator, Raw, TelegramPeer

pytestmark = pytest.mark.skipif(
    not EMULATOR.exists(), reason="lo-bot-api-emulator is not installed"
)

Mode = Literal["webhook", "polling"]
JPEG, PDF = b"\xff\xd8\xff\xe0" + b"j" * 3000, b"%PDF-1.7\n" + b"p" * 5000
POLL = {
    "id": "1",
    "question": "?",
    "options": [],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": True,
    "members_only": False,
}
_TOKENS = (f"{number}:synthetic" for number in itertools.count(700001))
_CHATS = itertools.count(6104412001)


@dataclass
class Office:
    """A server, and the Telegram that it talks to."""

    served: Served
    emulator: Emulator
    peer: TelegramPeer
    mode: Mode

    @classmethod
    def at(cls, folder: Path, mode: Mode, emulator: Emulator, *, relayed: bool = True) -> Office:
        token = next(_TOKENS)
        peer = TelegramPeer(emulator, token)
        url = peer.url if relayed else emulator.url
        return cls(make_server(folder, mode, token, url), emulator, peer, mode)

    def close(self) -> None:
        self.served.kill()
        self.peer.close()

    def post(self, body: bytes, secret: str = WEBHOOK_SECRET) -> httpx.Response:
        """What Telegram, or somebody else, posts to the webhook."""
        head = {SECRET_HEADER: secret, "Content-Type": "application/json"}
        url = f"{self.served.url}/webhooks/telegram"
        return httpx.post(url, content=body, headers=head, timeout=10)


def make_server(folder: Path, mode: Mode, token: str, url: str) -> Served:
    def change(config: dict[str, Any]) -> None:
        config["channels"]["telegram"] = mode
        config["conversation"]["burst"] = {"breath_seconds": 0.05, "fragment_seconds": 0.1}

    secret = {"LOKET_TELEGRAM_SECRET": WEBHOOK_SECRET} if mode == "webhook" else {}
    return Served(folder, change, LOKET_TELEGRAM_TOKEN=token, LOKET_TELEGRAM_BASE_URL=url, **secret)


@dataclass
class Visitor:
    """One person's chat with the office's bot. ``new`` is what came since the last word."""

    office: Office
    chat: int = field(default_factory=lambda: next(_CHATS))
    _read: int = 0
    _messages: int = 0

    def write(self, text: str = "", **content: Any) -> None:
        self._read = len(self.heard())
        self.office.peer.inject(
            {"message": self.message(**({"text": text} if text else {}), **content)}
        )

    def tap(self, data: str) -> None:
        self._read = len(self.heard())
        query = {"id": str(self.chat), "from": self._self(), "chat_instance": "1", "data": data}
        message = {**self.message(text="?"), "from": {"id": 7, "is_bot": True, "first_name": "L"}}
        self.office.peer.inject({"callback_query": {**query, "message": message}})

    def share_contact(self) -> None:
        card = {"phone_number": "6281234567890", "first_name": "Budi", "user_id": self.chat}
        self.write(contact=card)

    def send_file(self, ref: str, data: bytes, **content: Any) -> None:
        self.office.peer.files[ref] = data
        self.write(**content)

    def heard(self) -> list[Heard]:
        """All that the bot sent here."""
        calls = self.office.peer.calls("sendMessage")
        return [_heard(fields) for fields in calls if fields["chat_id"] == str(self.chat)]

    @property
    def new(self) -> list[Heard]:
        return self.heard()[self._read :]

    def hears(self, words: str) -> Heard:
        """Wait for a message with these words, among the new ones."""
        found: Heard = eventually(
            lambda: next((h for h in self.new if words in plain(h.text)), None),
            hint=lambda: (words, self.new, self.office.served.log()),
        )
        return found

    def hears_button(self, value: str) -> Heard:
        """Wait for a message with this button, and tap it."""
        found: Heard = eventually(
            lambda: next((h for h in self.new if _data(h, value)), None),
            hint=lambda: (value, self.new, self.office.served.log()),
        )
        self.tap(_data(found, value))
        return found

    def message(self, **content: Any) -> Raw:
        self._messages += 1
        chat = {"id": self.chat, "type": "private", "first_name": "Budi"}
        head = {"message_id": self._messages, "date": 1763712000, "chat": chat}
        return {**head, "from": self._self(), **content}

    def _self(self) -> Raw:
        return {"id": self.chat, "is_bot": False, "first_name": "Budi"}


def _heard(fields: dict[str, str]) -> Heard:
    rows = json.loads(fields.get("reply_markup", "{}")).get("inline_keyboard", ())
    buttons = tuple((b.get("callback_data", ""), b["text"]) for row in rows for b in row)
    return Heard(fields["text"], buttons)


def _data(heard: Heard, value: str) -> str:
    return next((data for data, _ in heard.buttons if data.partition(":")[2] == value), "")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("emulator") / "journal.jsonl")
    yield emulator
    emulator.close()


@pytest.fixture(scope="module", params=["webhook", "polling"])
def office(
    request: pytest.FixtureRequest,
    emulator: Emulator,
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    """An office that is open, its bot connected."""
    folder = tmp_path_factory.mktemp(request.param) / "office"
    office = Office.at(folder, request.param, emulator)
    office.served.start()
    eventually(lambda: office.peer.calls("setMyCommands"), hint=office.served.log)
    yield office
    office.close()


def test_a_question_is_answered_and_a_tap_acknowledged(office: Office) -> None:
    visitor = Visitor(office)
    visitor.write("gagal upload dokumen penawaran terus min")
    answer = visitor.hears("Pokja")
    visitor.tap(answer.buttons[0][0])
    eventually(lambda: visitor.new, hint=office.served.log)
    acknowledged = [c["callback_query_id"] for c in office.peer.calls("answerCallbackQuery")]
    assert acknowledged.count(str(visitor.chat)) == 1


def test_a_form_with_contact_and_files_becomes_a_ticket(office: Office) -> None:
    visitor = Visitor(office)
    fields = office_config().office.form.fields
    script = Script.of(office_config().office)
    visitor.write("/lapor")
    for asked in fields:
        visitor.hears(plain(asked.question))
        if asked.check == "phone":
            assert _asks_phone(visitor)
            visitor.share_contact()
        else:
            visitor.write(script.answers[plain(asked.question)])
    visitor.hears_button("type:penyedia")
    visitor.hears(script.problem_asked)
    visitor.write("gagal upload dokumen penawaran, lihat foto dan suratnya")
    photo = {"file_id": "foto-1", "file_unique_id": "f1", "width": 90, "height": 90}
    visitor.send_file("foto-1", JPEG, photo=[{**photo, "file_size": len(JPEG)}], caption="ini")
    surat = {"file_id": "surat-1", "file_unique_id": "s1", "file_name": "surat é.pdf"}
    visitor.send_file("surat-1", PDF, document={**surat, "mime_type": "application/pdf"})
    visitor.hears_button("on")
    visitor.hears_button("skip_all")
    visitor.hears_button("none")
    visitor.hears_button("send")
    found = NUMBER.search(visitor.hears("LPSE-").text)
    assert found is not None
    number = found[0]
    visitor.write(f"status tiket {number}")
    visitor.hears(number)
    _check_ticket(office, number)
    _nothing_was_refused(office)


def _asks_phone(visitor: Visitor) -> bool:
    calls = visitor.office.peer.calls("sendMessage")
    return any(
        "request_contact" in call.get("reply_markup", "")
        for call in calls
        if call["chat_id"] == str(visitor.chat)
    )


def _check_ticket(office: Office, number: str) -> None:
    (ticket,) = office.served.rows("SELECT id, answers FROM tickets WHERE number = ?", number)
    assert "81234567890" in ticket["answers"].replace("-", "").replace(" ", "")
    query = "SELECT name, state, size, blob FROM attachments WHERE ticket_id = ? ORDER BY id"
    files = eventually(
        lambda: _all_stored(office.served.rows(query, ticket["id"])), hint=office.served.log
    )
    assert [(f["state"], f["size"]) for f in files] == [("stored", len(JPEG)), ("stored", len(PDF))]
    blobs = (office.served.folder / "files" / f["blob"][:2] / f["blob"] for f in files)
    assert [blob.read_bytes() for blob in blobs] == [JPEG, PDF]


def _nothing_was_refused(office: Office) -> None:
    """The emulator's own judgement; it tries the webhook also while the server is down."""
    way = "setWebhook" if office.mode == "webhook" else "getUpdates"
    methods = ("sendMessage", "sendChatAction", "answerCallbackQuery", "setMyCommands", way)
    verdict = office.emulator.verdict(*methods, allowing=("webhook:0",))
    assert verdict["ok"], verdict


def _all_stored(rows: list[Any]) -> list[Any]:
    return [] if any(row["state"] == "fetching" for row in rows) else rows


def test_a_bot_that_was_killed_answers_what_came_meanwhile(office: Office) -> None:
    visitor = Visitor(office)
    office.served.kill()
    visitor.write("/bantuan")
    office.served.start()
    if office.mode == "webhook":
        eventually(office.peer.deliver)
    eventually(lambda: visitor.new, seconds=15, hint=office.served.log)


def test_only_telegram_gets_past_the_secret(office: Office) -> None:
    visitor = Visitor(office)
    update = json.dumps({"update_id": 10**9, "message": visitor.message(text="halo")})
    status = [office.post(update.encode(), secret).status_code for secret in ("", "wrong-secret")]
    assert status == ([403, 403] if office.mode == "webhook" else [404, 404])
    assert not office.served.rows("SELECT 1 FROM conversations WHERE chat = ?", str(visitor.chat))


@pytest.mark.parametrize("office", ["webhook"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [b"{bukan json", b"", b"[]", b'"halo"', b"\xff\xfe", b'{"update_id": "x", "message": {}}'],
    ids=repr,
)
def test_what_cannot_be_parsed_is_parked_and_taken(office: Office, body: bytes) -> None:
    before = _parked(office)
    assert office.post(body).status_code == 200
    assert office.post(body).status_code == 200
    assert _parked(office) == before + 1


@pytest.mark.parametrize("office", ["webhook"], indirect=True)
@pytest.mark.parametrize(
    "content",
    [
        {},
        {"poll": POLL},
        {"channel_post": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "channel"}}},
        {"a_type_of_next_year": {"id": 1}},
    ],
    ids=lambda content: next(iter(content), "nothing"),
)
def test_updates_of_other_types_are_taken_and_change_nothing(office: Office, content: Raw) -> None:
    before = _parked(office), _messages(office)
    assert office.post(json.dumps({"update_id": 77, **content}).encode()).status_code == 200
    assert (_parked(office), _messages(office)) == before


def _parked(office: Office) -> int:
    return int(office.served.rows("SELECT count(*) FROM parked")[0][0])


def _messages(office: Office) -> int:
    return int(office.served.rows("SELECT count(*) FROM messages")[0][0])


@pytest.mark.parametrize("mode", ["webhook", "polling"])
def test_a_platform_that_is_down_does_not_stop_the_start(
    mode: Mode, tmp_path: Path, engine: Engine
) -> None:
    port = quiet_port()
    token = next(_TOKENS)
    served = make_server(tmp_path / "office", mode, token, f"http://127.0.0.1:{port}")
    served.start()
    emulator = None
    try:
        answer = httpx.post(f"{served.url}/webchat/sessions", json={})
        assert answer.status_code == 201
        eventually(lambda: "Telegram is not connected yet" in served.log())
        emulator = Emulator(tmp_path / "journal.jsonl", port)
        eventually(lambda: "Telegram is connected" in served.log(), hint=served.log)
        assert emulator.verdict("setMyCommands")["successful_methods"]
        _stops_cleanly(served)
        assert token not in served.log()
    finally:
        served.kill()
        if emulator is not None:
            emulator.close()


def _stops_cleanly(served: Served) -> None:
    served.stop(15)
    assert [row["clean_stop"] for row in served.rows("SELECT * FROM heartbeats")] == [1]
    assert not served.rows("SELECT 1 FROM leases")
    assert "Traceback" not in served.log()


def test_a_plain_emulator_accepts_all_that_is_sent(tmp_path: Path, engine: Engine) -> None:
    emulator = Emulator(tmp_path / "journal.jsonl")
    office = Office.at(tmp_path / "office", "webhook", emulator, relayed=False)
    try:
        office.served.start()
        eventually(lambda: "Telegram is connected" in office.served.log())
        visitor = Visitor(office)
        for said in ("/mulai", "kontak helpdesk", "/hubungkan", "/privasi", "/lapor", "Budi"):
            visitor.write(said)
        eventually(lambda: not _open_rows(office), seconds=30, hint=office.served.log)
        states = office.served.rows("SELECT DISTINCT state FROM outbox WHERE state <> 'withdrawn'")
        assert [row[0] for row in states] == ["sent"]
        assert office.served.rows("SELECT 1 FROM messages WHERE body LIKE '%\"link\"%'")
        verdict = emulator.verdict("sendMessage", "sendChatAction", "setWebhook")
        assert verdict["ok"], verdict
    finally:
        office.close()
        emulator.close()


def _open_rows(office: Office) -> int:
    query = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"
    return int(office.served.rows(query)[0][0])
