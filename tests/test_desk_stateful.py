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
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.desk_turns import worker_of
from bot.rendering import parse_choice
from dialogs.heard import Tap
from handoff import actions as a
from handoff.history import verify
from handoff.refusal import Refused
from handoff.rights import may
from handoff.standing import OPEN_STATES, ROLES, Standing, Worker
from nlu.engines.port import Engine
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
ITEMS: tuple[tuple[str, a.ItemKind], ...] = (("Scan NIB", "file"), ("Nomor NPWP", "text"))
WAITS = (1, 61, 61, 6 * 60, 6 * 60, 11 * 60, 3600, 25 * 3600, 73 * 3600, 8 * 86400)
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


def _no_questions(raw: dict[str, Any]) -> None:
    """Waiting for a person takes few words here; what is asked before has tests of its own."""
    raw["queue"]["form_first"] = "none"


class Desk(RuleBasedStateMachine):
    """An office with three users and five agents."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="loket-desk-"))
        self.rig = Rig(self.folder, _ENGINE[0], change=_no_questions)
        self.marks = itertools.count(1)
        self.faults = Faults()
        logging.getLogger().addHandler(self.faults)

    def teardown(self) -> None:
        try:
            self._nobody_is_mute()
            self.what_was_said_is_right()
            self.the_chain_is_whole()
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

    @rule(who=st.sampled_from(USERS), said=st.sampled_from(WORDS))
    def user_wants_a_person(self, who: tuple[str, str], said: str) -> None:
        """As far as it takes until they wait: whatever is asked before is answered."""
        for text in ("bicara dengan petugas", "Budi Santoso", "gagal upload penawaran", "kirim"):
            if self._waits(who):
                break
            self.rig.hear(text, *who)
            self._pass(timedelta(seconds=4))
        self.rig.hear(said, *who)

    def _waits(self, who: tuple[str, str]) -> bool:
        return bool(
            self.rig.rows(
                "SELECT 1 FROM human_requests r JOIN conversations c ON c.id = r.conversation_id "
                "WHERE c.chat = :chat AND r.state IN ('waiting', 'called', 'live')",
                chat=self.rig.key(*who).chat,
            )
        )

    # Both sides

    @rule(who=st.sampled_from(USERS), login=st.sampled_from(["rina", "sari"]))
    def a_chat_goes_live(self, who: tuple[str, str], login: str) -> None:
        """In office hours somebody waits for a person, and an agent takes the chat."""
        self.next_opening()
        self.rig.duty(login, on=True)
        self.user_wants_a_person(who, "halo min")
        for row in self._requests(who, "waiting", "called"):
            self._try(login, a.Take(), row.number)

    @rule(who=st.sampled_from(USERS), text=st.sampled_from(WORDS), answers=st.booleans())
    def a_live_line(self, who: tuple[str, str], text: str, answers: bool) -> None:
        for row in self._requests(who, "live"):
            self.rig.hear(text, *who)
            if answers:
                login = next(n for n, i in self.rig.agents.items() if i == row.agent_id)
                self._try(login, a.ReplyToUser(f"balasan-{next(self.marks)}"), row.number)
            self._pass(timedelta(seconds=2))

    @rule(who=st.sampled_from(USERS), sends=st.integers(0, 3), full=st.booleans())
    def data_are_asked_for(self, who: tuple[str, str], sends: int, full: bool) -> None:
        rows = self.rig.rows(
            "SELECT t.number FROM tickets t JOIN conversations c ON c.id = t.conversation_id "
            "WHERE c.chat = :chat AND t.open ORDER BY t.id DESC LIMIT 1",
            chat=self.rig.key(*who).chat,
        )
        for row in rows:
            self._try("sari", a.AskData(ITEMS, "mohon dikirim"), row.number)
            self._pass(timedelta(seconds=4))
            self.rig.fetched("wati")
            for n in range(sends):
                self.user_says(who, f"data ke-{n}", quick=False)
            if full:
                self.user_says(who, "sudah lengkap", quick=False)

    def _requests(self, who: tuple[str, str], *states: str) -> list[Any]:
        rows = self.rig.rows(
            "SELECT t.number, r.agent_id, r.state FROM human_requests r "
            "JOIN conversations c ON c.id = r.conversation_id "
            "JOIN tickets t ON t.id = r.ticket_id WHERE c.chat = :chat",
            chat=self.rig.key(*who).chat,
        )
        return [row for row in rows if row.state in states]

    def _try(self, login: str, action: a.Action, number: str) -> bool:
        try:
            self.rig.act(login, action, number)
        except Refused:
            return False
        return True

    # Agents

    @rule(data=st.data())
    def agent_acts(self, data: st.DataObject) -> None:
        """Anybody tries anything."""
        self._act(data, data.draw(st.sampled_from(sorted(AGENTS))), allowed=False)

    @rule(data=st.data())
    def helpdesk_works(self, data: st.DataObject) -> None:
        """Somebody does what they may."""
        self._act(data, data.draw(st.sampled_from(["rina", "sari"])), allowed=True)

    @rule(data=st.data())
    def the_whole_desk_works(self, data: st.DataObject) -> None:
        self._act(data, data.draw(st.sampled_from(sorted(AGENTS))), allowed=True)

    def _act(self, data: st.DataObject, login: str, *, allowed: bool) -> None:
        rows = self.rig.rows("SELECT * FROM tickets ORDER BY id")
        row = data.draw(st.sampled_from(rows))
        actions = self._actions([row.number for row in rows])
        if allowed:
            worker = self._worker(login)
            standing = Standing(row.state, row.tier, row.agent_id, row.kind)
            actions = [action for action in actions if may(worker, standing, type(action))]
        if not actions:
            return
        done = self._try(login, data.draw(st.sampled_from(actions)), row.number)
        if done and data.draw(st.booleans()):
            self._pass(timedelta(seconds=4))

    def _worker(self, login: str) -> Worker:
        number = self.rig.agents[login]
        return worker_of(self.rig.loket.database.read(lambda c: accounts.get(c, number)))

    def _actions(self, numbers: list[str]) -> list[a.Action]:
        mark = next(self.marks)
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
            a.AskData(ITEMS, "mohon dikirim"),
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
            a.LkppAnswer("data_needed", f"rahasia-{mark} butuh", relay=True, items=ITEMS),
            a.LkppAnswer(
                "solved", f"rahasia-{mark}", solution="beres", explainer="LKPP", missing=True
            ),
        ]
        made += [a.PhoneCall(call, reached) for call in calls[:2] for reached in (True, False)]
        if pieces:
            made.append(a.MoveData(tuple(pieces[:1]), numbers[-1]))
        return made

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
    def next_opening(self) -> None:
        calendar, now = self.rig.loket.turns.counter.calendar, self.rig.clock.now()
        opening = calendar.next_open(now + timedelta(minutes=20))
        if not calendar.is_open(now) and opening is not None:
            self._pass(opening - now)

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
        sari = self._worker("sari")
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
        """Between two openings a ticket is closed once; no due time is breached twice."""
        breached = self.rig.rows(
            "SELECT h.ticket_id, t.text FROM history h JOIN history_texts t ON t.entry_id = h.id "
            "WHERE h.body LIKE '%\"breached\"%'"
        )
        assert len(breached) == len({tuple(row) for row in breached}), breached
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
        max_examples=15,
        stateful_step_count=40,
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
