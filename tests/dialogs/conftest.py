"""A conversation in memory: a desk with the shipped texts, and a user who talks to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from dialogs.answers import Answers
from dialogs.commands import Command
from dialogs.conversation import advance
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.heard import File, FileKind, Heard, Tap
from dialogs.office import Office
from dialogs.state import State, dump, load
from dialogs.texts import Texts
from dialogs.turn import Turn
from nlu.understanding import Entity, Intent, Understanding

CONFIG = Path(__file__).parents[2] / "config.yml"
JAKARTA = ZoneInfo("Asia/Jakarta")
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=JAKARTA)

# What the test engine knows: the first line with a word in the text wins.
KEYWORDS: tuple[tuple[str, float, str], ...] = (
    ("not_resolved", 0.9, "belum bisa|masih gagal|muncul lagi"),
    ("resolved", 0.9, "sudah bisa|sudah beres|sudah normal"),
    ("erase_my_data", 0.9, "hapus data"),
    ("submit_feedback", 0.9, "pelayanannya|saran saya"),
    ("bot_challenge", 0.9, "ini bot|robot"),
    ("ticket_status", 0.9, "kabar tiket|status tiket"),
    ("open_ticket", 0.9, "mau lapor|buatkan laporan"),
    ("request_human", 0.9, "mau bicara orang|hubungkan ke petugas"),
    ("out_of_scope", 0.9, "bpjs|cuaca"),
    ("faq_upload_gagal", 0.9, "gagal upload|upload gagal|apendo"),
    ("faq_lupa_password_penyedia", 0.9, "lupa password|lupa pw"),
    ("faq_gangguan", 0.9, "spse down"),
    ("faq_lupa_password_penyedia", 0.3, "password"),
    ("thanks", 0.9, "makasih|terima kasih"),
    ("goodbye", 0.9, "dadah"),
    ("help", 0.9, "bisa apa"),
    ("cancel", 0.9, "gak jadi deh"),
    ("back", 0.9, "balik dulu"),
    ("greet", 0.9, "assalamualaikum|halo"),
    ("deny", 0.9, "nggak"),
    ("affirm", 0.9, "iya betul"),
)


def understand(text: str) -> Understanding:
    """An engine of keywords, pure like the real one."""
    low = text.casefold()
    found = [
        Intent(name, sure)
        for name, sure, words in KEYWORDS
        if any(w in low for w in words.split("|"))
    ]
    entities = tuple(
        Entity("ticket_number", word.strip(".,?!").upper(), 0, 0)
        for word in text.split()
        if word.upper().startswith("LPSE-")
    )
    if not text.strip():
        return Understanding(text)
    known = found or [Intent("out_of_scope", 0.5)]
    ranking = (*known, Intent("faq_upload_gagal", 0.05))
    return Understanding(text, ranking[0], ranking, entities)


@dataclass
class Talker:
    """A user: says, taps and sends, and looks at what came back."""

    desk: Desk
    facts: Facts
    state: State = field(default_factory=State)
    turn: Turn = field(default_factory=lambda: Turn(State()))
    message_id: int = 0

    def say(self, text: str, *, unspoken: bool = False, **heard: object) -> str:
        plain = Heard(text=text, understanding=understand(text))
        return self.send(replace(plain, **heard), unspoken=unspoken)  # type: ignore[arg-type]

    def tap(self, value: str, step: int | None = None) -> str:
        return self.send(Heard(tap=Tap(value, self.state.step if step is None else step)))

    def file(self, attachment: int = 1, kind: FileKind = "image", text: str = "") -> str:
        return self.say(text, files=(File(attachment, kind, "layar.jpg"),))

    def send(self, heard: Heard, *, unspoken: bool = False) -> str:
        self.message_id += 1
        heard = heard if heard.message_id else replace(heard, message_id=self.message_id)
        facts = replace(self.facts, unspoken=unspoken)
        self.turn = advance(self.state, heard, facts, self.desk)
        self.state = load(dump(self.turn.state))
        assert self.state == self.turn.state
        return self.text

    def say_all(self, *texts: str) -> str:
        for text in texts:
            self.say(text)
        return self.text

    @property
    def text(self) -> str:
        return "\n\n".join(reply.text for reply in self.turn.replies)

    @property
    def labels(self) -> list[str]:
        return [choice.label for reply in self.turn.replies for choice in reply.choices]

    @property
    def commands(self) -> tuple[Command, ...]:
        return self.turn.commands


@pytest.fixture(scope="session")
def office() -> Office:
    raw = yaml.safe_load(CONFIG.read_text())
    raw["conversation"]["thresholds"] = {"confident": 0.55, "suggest": 0.15, "act": 0.5}
    return Office.model_validate({k: v for k, v in raw.items() if k in Office.model_fields})


@pytest.fixture(scope="session")
def desk(office: Office) -> Desk:
    return Desk(office, Texts(), Answers.load(), understand)


@pytest.fixture
def facts() -> Facts:
    return Facts(now=MONDAY, office_open=True)


@pytest.fixture
def user(desk: Desk, facts: Facts) -> Talker:
    return Talker(desk, facts)


@pytest.fixture
def user_with(desk: Desk, facts: Facts) -> Callable[..., Talker]:
    """A user about whom something is known: ``user_with(own_phone=...)``."""
    return lambda **known: Talker(desk, replace(facts, **known))
