"""Whatever a user does, in any order: no exception, an answer, and a state that can be kept."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogs.commands import OpenTicket, RecordMiss
from dialogs.conversation import advance, remind
from dialogs.facts import TicketFact
from dialogs.heard import File, Heard, SharedPhone, Tap
from dialogs.routes import FLOWS
from dialogs.state import Draft, State, dump, load
from dialogs.turn import Settle, Turn

TEXTS = (
    """
halo|min|mau tanya|gagal upload penawaran|lupa password|soal password|spse down|belum bisa juga
sudah bisa|makasih|iya betul|nggak|menu|kembali|batal|bantuan|petugas|privasi|tiket|cek tiket
cabut tautan|hubungkan|/start|/lapor gagal upload|/tiket LPSE-2611-00042-K|/foo|buat tiket|kirim
ubah|lanjut|lewati|tetap|1|2|9|99|Budi Santoso|CV Maju Jaya|Jl. Sudirman No. 5|0812-3456-7890|0812
penyedia|pokja|kurang dari 24 jam|tidak ada|alamatnya salah|LPSE-2611-00042-X|00042|xyzzy plugh
hapus data saya|pelayanannya lambat sekali kemarin|ini bot ya|bpjs|lanjutkan|mulai baru|hapus isian
Saya Budi dari CV Maju, 0812-3456-7890, gagal upload|pw saya [password disamarkan]|*tebal* {link}
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
NUMBER = "LPSE-2611-00042-K"
ASKS_FOR_SECRET = re.compile(
    r"(?<!jangan )\b(masukkan|tulis|kirim|berapa|sebutkan|apa)\s+(\w+\s+)?"
    r"(password|kata sandi|otp|nik)\b",
    re.I,
)

texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=60), st.sampled_from(["", " \n"]))
files = st.lists(
    st.builds(
        File,
        st.integers(1, 5),
        st.sampled_from(["image", "voice", "document", "video", "audio"]),
        st.just("a.jpg"),
    ),
    max_size=2,
).map(tuple)
phones = st.builds(SharedPhone, st.sampled_from(["+6281234567890", "+1", "zzz"]), st.booleans())
ways = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ["text"] * 6 + ["tap"] * 4 + ["file", "phone", "other", "edit", "link"]
        ),
        "text": texts,
        "files": files,
        "phone": phones,
        "pick": st.integers(0, 9),
        "stale": st.booleans(),
        "unspoken": st.booleans(),
        "masked": st.sampled_from([()] * 5 + [("password",), ("otp", "nik")]),
        "hours": st.sampled_from([0, 0, 0, 0.1, 30]),
        "open": st.booleans(),
    }
)


class Stage:
    """The desk and the facts, without the long print of a failing example."""

    def __init__(self, desk: Any, facts: Any) -> None:
        self.desk, self.facts = desk, facts


@pytest.fixture
def stage(desk: Any, facts: Any) -> Stage:
    return Stage(desk, facts)


def heard_as(way: dict[str, Any], state: State, message_id: int, desk: Any) -> Heard:
    text = way["text"]
    plain = Heard(text=text, understanding=desk.understand(text), message_id=message_id)
    match way["kind"]:
        case "tap":
            values = [choice.value for choice in state.offered] or ["menu"]
            step = max(0, state.step - (1 if way["stale"] else 0))
            return Heard(tap=Tap(values[way["pick"] % len(values)], step), message_id=message_id)
        case "file":
            return replace(plain, files=way["files"])
        case "phone":
            return Heard(phone=way["phone"], message_id=message_id)
        case "other":
            return Heard(other="sticker", message_id=message_id)
        case "edit":
            return replace(plain, edits=max(1, message_id - way["pick"]))
        case "link":
            return Heard(link_token="token", message_id=message_id)
    return replace(plain, masked=way["masked"])


def hold(before: State, turn: Turn) -> None:
    """What is true of every turn."""
    assert turn.state.step >= before.step
    assert load(dump(turn.state)) == turn.state
    assert turn.replies or turn.commands
    assert turn.state.flow in FLOWS
    if turn.settle is not Settle.NOW:
        assert all(isinstance(command, RecordMiss) for command in turn.commands)
    for reply in turn.replies:
        assert reply.text.strip()
        assert not ASKS_FOR_SECRET.search(reply.text), reply.text
        for choice in reply.choices:
            assert 0 < len(choice.label) <= 20, choice
            assert 0 < len(choice.value.encode()) <= 48, choice
        values = [choice.value for choice in reply.choices]
        assert len(set(values)) == len(values)
    for command in turn.commands:
        if isinstance(command, OpenTicket):
            assert command.problem.strip()


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=st.lists(ways, min_size=1, max_size=25), known=st.booleans())
def test_no_sequence_breaks_the_conversation(
    script: list[dict[str, Any]], known: bool, stage: Stage
) -> None:
    desk, facts = stage.desk, stage.facts
    ticket = TicketFact(NUMBER, "gangguan", "diproses", "*x*", facts.now, "menengah", "lpse")
    other = replace(ticket, number="LPSE-2611-00050-Z", state="entah", decides="entah")
    if known:
        facts = replace(
            facts,
            identity={"nama": "Budi", "telepon": "zzz"},
            own_phone="+6281234567890",
            tickets=(ticket, other),
            profile_name="Budi *B*",
            can_share_phone=True,
        )
    state = State()
    for message_id, way in enumerate(script, start=1):
        facts = replace(
            facts,
            now=facts.now + timedelta(hours=way["hours"]),
            unspoken=way["unspoken"],
            office_open=way["open"],
        )
        turn = advance(state, heard_as(way, state, message_id, desk), facts, desk)
        hold(state, turn)
        assert advance(state, heard_as(way, state, message_id, desk), facts, desk) == turn
        state = turn.state
        reminded = remind(state, facts, desk)
        assert reminded.state.step >= state.step


@pytest.mark.parametrize("flow", [*FLOWS, "no_such_flow"])
@pytest.mark.parametrize(
    "at", ["", "rest", "which:resolved", "near:", "shown:X", "suggest:", "zzz"]
)
@pytest.mark.parametrize(
    "draft", [None, Draft(), Draft(asking="field:gone"), Draft(asking="summary")]
)
def test_a_state_of_another_version_is_lived_with(
    flow: str, at: str, draft: Draft | None, desk: Any, facts: Any
) -> None:
    state = State(step=4, flow=flow, at=at, draft=draft, noticed_privacy=True)
    for text in ("halo", "1", "batal", "kembali", "xyzzy", "kirim"):
        heard = Heard(text=text, understanding=desk.understand(text), message_id=1)
        turn = advance(state, heard, facts, desk)
        assert turn.replies or turn.commands
        assert turn.state.step >= 4


def test_a_hundred_messages_in_one_breath_keep_the_state_small(desk: Any, facts: Any) -> None:
    state = State()
    facts = replace(facts, unspoken=True)
    for message_id in range(1, 101):
        text = f"pesan ke {message_id} " + "x" * 400
        heard = Heard(text=text, understanding=desk.understand(text), message_id=message_id)
        state = advance(state, heard, facts, desk).state
    assert len(dump(state)) < 60_000
