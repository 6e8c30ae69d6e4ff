"""Whatever users, agents, LKPP, the clock and a restart do in whatever order: what must never
happen does not happen (docs/design.md, "What always holds")."""

from __future__ import annotations

import itertools
import json
import logging
import re
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.desk_turns import worker_of
from bot.rendering import parse_choice
from dialogs.heard import Tap
from handoff import actions as a
from handoff.history import verify
from handoff.refusal import Refused
from handoff.rights import may
from handoff.standing import OPEN_STATES, ROLES, Standing
from nlu.engine import Engine
from storage.repositories import agents as accounts
from tests.handoff.tickets import opened
from tests.rig import Rig

USERS = (("budi", "telegram"), ("siti", "telegram"), ("wati", "web"))
AGENTS = {
    "rina": ("helpdesk",),
    "joko": ("helpdesk",),
    "dedi": ("koordinator",),
    "adi": ("admin_lpse",),
    "sari": ROLES,
}
WORDS = (
    "gagal upload penawaran",
    "sudah saya coba min",
    "udah bisa, makasih",
    "masih error",
    "blm bisa",
    "Budi Santoso",
    "bicara dengan petugas",
    "kembali ke bot",
    "menu",
    "batal",
    "cek tiket",
    "lupa password",
    "sudah lengkap",
    "2",
    "5",
    "saya di sini",
    "ini NIB saya 0220101234567",
)
WAITS = (1, 61, 6 * 60, 11 * 60, 3600, 25 * 3600, 73 * 3600, 8 * 86400)
_NUMBER = re.compile(r"\b(?:LPSE|ANT)-\d{4}-\d{5}-[0-9A-Z]\b")
_ENGINE: list[Engine] = []


class Faults(logging.Handler):
    """Keeps what was logged as our own fault."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        cause = f" ({record.exc_info[1]!r})" if record.exc_info else ""
        self.lines.append(record.getMessage() + cause)


class Desk(RuleBasedStateMachine):
    """An office with three users and five agents."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="loket-desk-"))
        self.rig = Rig(self.folder, _ENGINE[0])
        self.marks = itertools.count(1)
        self.faults = Faults()
        logging.getLogger().addHandler(self.faults)

    def teardown(self) -> None:
        try:
            self._nobody_is_mute()
            self.what_was_said_is_right()
        finally:
            logging.getLogger().removeHandler(self.faults)
            self.rig.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    @initialize()
    def office(self) -> None:
        for login, roles in AGENTS.items():
            self.rig.hire(login, *roles)
        for user, channel in USERS:
            opened(self.rig, user, channel)
        self.rig.settle()

    # Users

    @rule(who=st.sampled_from(USERS), text=st.sampled_from(WORDS), quick=st.booleans())
    def user_says(self, who: tuple[str, str], text: str, quick: bool) -> None:
        self.rig.hear(text, *who)
        if not quick:
            self._pass(timedelta(seconds=4))

    @rule(who=st.sampled_from(USERS))
    def user_sends_a_file(self, who: tuple[str, str]) -> None:
        self.rig.take(self.rig.event(*who, files=(self.rig.file("layar.png"),)))
        self._pass(timedelta(seconds=4))

    @rule(who=st.sampled_from(USERS), at=st.integers(0, 50), back=st.integers(0, 2))
    def user_taps(self, who: tuple[str, str], at: int, back: int) -> None:
        """A button of one of the last messages that have any."""
        shown = [said for said in self.rig.answers(*who) if said.buttons]
        if not shown:
            return
        buttons = shown[-1 - min(back, len(shown) - 1)].buttons
        step, value = parse_choice(buttons[at % len(buttons)][0])
        self.rig.take(self.rig.event(*who, tap=Tap(value, step)))
        self._pass(timedelta(seconds=4))

    # Agents

    @rule(data=st.data(), login=st.sampled_from(sorted(AGENTS)))
    def agent_acts(self, data: st.DataObject, login: str) -> None:
        numbers = [row.number for row in self.rig.rows("SELECT number FROM tickets ORDER BY id")]
        number = data.draw(st.sampled_from(numbers))
        action = data.draw(self._actions(numbers))
        try:
            self.rig.act(login, action, number)
        except Refused:
            return
        if data.draw(st.booleans()):
            self._pass(timedelta(seconds=4))

    def _actions(self, numbers: list[str]) -> st.SearchStrategy[a.Action]:
        mark = next(self.marks)
        items: tuple[tuple[str, a.ItemKind], ...] = (("Scan NIB", "file"), ("Nomor NPWP", "text"))
        calls = [row.id for row in self.rig.rows("SELECT id FROM calls WHERE state = 'open'")]
        pieces = [row.id for row in self.rig.rows("SELECT id FROM data_pieces")]
        made: list[a.Action] = [
            a.Take(),
            a.CallUser(),
            a.EndChat(),
            a.Release(),
            a.Assign(self.rig.agents["joko"]),
            a.Classify("gangguan", "besar", "mendesak"),
            a.FillForm(missing=True),
            a.ReplyToUser(f"balasan-{mark} dari petugas"),
            a.WriteNote(f"rahasia-{mark} catatan dalam"),
            a.Recommend(f"rahasia-{mark} saran dalam"),
            a.AskData(items, "mohon dikirim"),
            a.DataComplete(),
            a.Solve(f"solusi-{mark}", "Rina", missing=True),
            a.Close("withdrawn"),
            a.Close("solved", f"solusi-{mark}", "Rina", missing=True),
            a.Escalate(f"rahasia-{mark} alasan"),
            a.SendBack(f"rahasia-{mark} petunjuk"),
            a.PassOn("ukpbj", "jadwal diatur Pokja"),
            a.Merge(numbers[0]),
            a.Reopen("masih diperlukan"),
            a.MarkExempt("jaringan"),
            a.LkppSent(f"LKPP/{mark}"),
            a.LkppAnswer("guidance", f"rahasia-{mark} petunjuk"),
            a.LkppAnswer("still_working", f"rahasia-{mark} dikerjakan"),
            a.LkppAnswer("data_needed", f"rahasia-{mark} butuh", relay=True, items=items),
            a.LkppAnswer(
                "solved", f"rahasia-{mark}", solution="beres", explainer="LKPP", missing=True
            ),
        ]
        made += [a.PhoneCall(call, reached) for call in calls[:2] for reached in (True, False)]
        if pieces:
            made.append(a.MoveData(tuple(pieces[:1]), numbers[-1]))
        return st.sampled_from(made)

    @rule(login=st.sampled_from(sorted(AGENTS)), on=st.booleans())
    def duty(self, login: str, on: bool) -> None:
        self.rig.duty(login, on=on)

    @rule(login=st.sampled_from(["rina", "joko", "dedi", "adi"]), active=st.booleans())
    def comes_and_goes(self, login: str, active: bool) -> None:
        """An account is closed, perhaps while holding chats, and opened again."""
        number = self.rig.agents[login]
        self.rig.loket.database.write(
            lambda unit: accounts.change(unit.connection, number, active=active)
        ).result()

    # Time

    @rule(seconds=st.sampled_from(WAITS))
    def time_passes(self, seconds: int) -> None:
        self._pass(timedelta(seconds=seconds))

    @rule()
    def browser_looks(self) -> None:
        self.rig.fetched("wati")

    @rule()
    def restart(self) -> None:
        self.rig.restart()

    @rule(hours=st.sampled_from([1, 30, 24 * 7]))
    def outage(self, hours: int) -> None:
        """The program is down for a while."""
        self.rig.loket.close()
        self.rig.clock.move(timedelta(hours=hours))
        self.rig.reopen()
        self._pass(timedelta(seconds=5))

    def _pass(self, step: timedelta) -> None:
        self.rig.wait(step)

    # What never happens

    @invariant()
    def nothing_went_wrong_unseen(self) -> None:
        assert not self.faults.lines, self.faults.lines
        assert not self.rig.rows("SELECT error, excerpt FROM parked")

    @invariant()
    def whoever_answers_is_one(self) -> None:
        """A chat has a holder exactly while its request is live."""
        held = self.rig.rows("SELECT id, holder FROM conversations WHERE holder IS NOT NULL")
        live = self.rig.rows(
            "SELECT conversation_id AS id, number AS holder FROM human_requests "
            "WHERE state = 'live'"
        )
        assert {(r.id, r.holder) for r in held} == {(r.id, r.holder) for r in live}
        assert len(live) == len({r.id for r in live})

    @invariant()
    def every_ticket_can_be_moved(self) -> None:
        """The account with every role can take and close whatever is open, and reopen the rest."""
        if not self.rig.agents:
            return
        number = self.rig.agents["sari"]
        sari = worker_of(self.rig.loket.database.read(lambda c: accounts.get(c, number)))
        for row in self.rig.rows("SELECT * FROM tickets"):
            standing = Standing(row.state, row.tier, sari.id, row.kind)
            if row.state in OPEN_STATES:
                assert may(sari, standing, a.Close), row.number
                free = Standing(row.state, row.tier, row.agent_id, row.kind)
                assert may(sari, free, a.Take), row.number
            else:
                assert may(sari, standing, a.Reopen), row.number

    @invariant()
    def what_was_said_is_right(self) -> None:
        owners = {
            row.number: row.contact_id
            for table in ("tickets", "human_requests")
            for row in self.rig.rows(f"SELECT number, contact_id FROM {table}")
        }
        for user, channel in USERS:
            key = self.rig.key(user, channel)
            found = self.rig.rows(
                "SELECT contact_id FROM conversations WHERE channel = :c AND chat = :u",
                c=channel,
                u=key.chat,
            )
            if not found:
                continue
            for text in self._heard_by(user, channel):
                assert "rahasia-" not in text, f"{user} read an internal note: {text}"
                for number in _NUMBER.findall(text):
                    assert owners[number] == found[0].contact_id, f"{user} read about {number}"

    def _heard_by(self, user: str, channel: str) -> list[str]:
        if channel == "telegram":
            return [out.text for out in self.rig.telegram.sent if out.key.chat == user]
        return [said.text for said in self.rig.answers(user, channel)]

    @invariant()
    def the_bot_never_talks_over_a_person(self) -> None:
        rows = self.rig.rows(
            "SELECT m.text FROM outbox o JOIN messages m ON m.id = o.message_id "
            "JOIN human_requests r ON r.conversation_id = o.conversation_id "
            "WHERE o.row_class = 'talk' AND o.state = 'sent' AND r.taken_at IS NOT NULL "
            "AND o.done_at > r.taken_at AND (r.ended_at IS NULL OR o.done_at < r.ended_at) "
            "AND r.state IN ('live', 'done', 'left', 'ticket')"
        )
        assert not rows, [row.text for row in rows]

    @invariant()
    def nothing_fires_twice(self) -> None:
        """Between two openings a ticket is closed once, and each clock is breached once."""
        for row in self.rig.rows("SELECT id, number FROM tickets"):
            kinds = self._kinds(row.id)
            state = "open"
            for kind in kinds:
                if kind == "closed":
                    assert state == "open", f"{row.number} was closed twice: {kinds}"
                    state = "closed"
                elif kind == "reopened":
                    state = "open"

    def _kinds(self, ticket_id: int) -> list[str]:
        rows = self.rig.rows(
            "SELECT body FROM history WHERE ticket_id = :t ORDER BY seq", t=ticket_id
        )
        return [json.loads(row.body)["kind"] for row in rows]

    @precondition(lambda self: self.rig.agents)
    @invariant()
    def the_chain_is_whole(self) -> None:
        key = self.rig.loket.turns.counter.key
        for row in self.rig.rows("SELECT id FROM tickets"):
            broken = self.rig.loket.database.read(lambda c, t=row.id: verify(c, key, t))
            assert broken is None, broken

    def _nobody_is_mute(self) -> None:
        """However it ended: a quarter of an hour later everyone is answered by the bot."""
        self._pass(timedelta(minutes=2))
        for user, channel in USERS:
            self.rig.hear("halo", user, channel)
        for _ in range(16):
            self._pass(timedelta(minutes=1))
        for user, channel in USERS:
            answer = self.rig.say("menu", user, channel)
            assert answer, f"{user} is left mute"


@pytest.fixture(autouse=True)
def _engine(engine: Engine) -> None:
    _ENGINE[:] = [engine]


class TestDesk(Desk.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.long
class TestDeskForLong(Desk.TestCase):  # type: ignore[name-defined,misc]
    settings = settings(
        max_examples=300,
        stateful_step_count=60,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
