"""A turn: read all, think in pure functions, write all, in one transaction (invariant 1).

Masking and understanding happen before any lock; everything from the lock to the commit is
one synchronous call. Sending comes after, from the outbox alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from sqlalchemy import Connection

from bot import rendering
from bot.bells import Bell, PageBells
from bot.channels.port import Abilities
from bot.clock import Clock
from bot.incoming import Incoming, IncomingFile
from dialogs import conversation
from dialogs import state as states
from dialogs.commands import ProvePhone, RecordMiss, RedeemLink
from dialogs.desk import Desk
from dialogs.facts import Facts, TicketFact
from dialogs.heard import File, Heard
from dialogs.masking import mask
from dialogs.reply import Reply
from dialogs.state import State
from dialogs.text_edge import tidy
from dialogs.turn import Settle, Turn
from handoff import links
from handoff.desk import Counter, Moment, carry_out
from nlu.understanding import NOTHING
from storage.database import Database
from storage.repositories import clock as clocks
from storage.repositories import conversations, events, messages, outbox, tickets
from storage.repositories.conversations import Case
from storage.unit import Unit

IDLE_FORM = "form_left_alone"
_JOIN = re.compile(r"(?:[?&]join=|^/hubungkan[ _])([A-Za-z0-9_-]{24,64})")


class Outcome(Enum):
    """What became of an event."""

    HANDLED = "handled"
    DUPLICATE = "duplicate"  # it was handled before: nothing changed


@dataclass(frozen=True, slots=True)
class Taken:
    """An event after its commit. ``seq`` is the message's number in its conversation;
    ``waits`` says that the answer is held back for a breath."""

    outcome: Outcome
    conversation_id: int = 0
    seq: int = 0
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Bells:
    """Who is told after a commit: delivery, the fetcher, the pages of a conversation."""

    delivery: Bell
    fetcher: Bell
    pages: PageBells


@dataclass(frozen=True, slots=True)
class Turns:
    """Runs turns for all channels. ``keep`` stores bytes and gives their blob key."""

    database: Database
    counter: Counter
    desk: Desk
    abilities: Mapping[str, Abilities]
    clock: Clock
    bells: Bells
    keep: Callable[[bytes], str]

    def take(self, incoming: Incoming, *, attempt_counted: bool = False) -> Future[Taken]:
        """Handle one event of a user. The future is done once it is durable; it fails with
        ``storage.database.Unavailable`` or with whatever our own code did wrong."""
        prepared = self._prepare(incoming)
        return self.database.write(lambda unit: _Hearing(self, unit, prepared).run(attempt_counted))

    def ring(self, deadline_id: int, arming: int, conversation_id: int) -> Future[bool]:
        """A form left alone is offered again; False if that was no longer due."""
        return self.database.write(
            lambda unit: self._ring(unit, deadline_id, arming, conversation_id)
        )

    def say(self, unit: Unit, case: Case, reply: Reply) -> Case:
        """Put one message of ours on its way outside a user's turn; the case moved on."""
        speaking = _Speaking(self, unit, case, self.clock.now())
        speaking.say((reply,), 0, timedelta())
        conversations.save_state(unit.connection, case.id, state=case.state, seq=speaking.seq)
        return replace(case, seq=speaking.seq)

    def _ring(self, unit: Unit, deadline_id: int, arming: int, conversation_id: int) -> bool:
        now = self.clock.now()
        case = conversations.load_locked(unit.connection, conversation_id)
        if not clocks.fire(unit.connection, deadline_id, arming, now):
            return False
        if case.channel not in self.abilities:  # closed by the office for now: look again later
            self.watch_form(unit.connection, case, now + timedelta(hours=1))
            return False
        before = states.load(case.state)
        facts = read_facts(self, unit.connection, case, now)
        idle_until = self._form_idle_at(before)
        if idle_until is not None and idle_until > now:
            self.watch_form(unit.connection, case, idle_until)  # it was worked on meanwhile
            return False
        turn = conversation.remind(before, facts, self.desk)
        if not turn.replies:
            return False
        speaking = _Speaking(self, unit, case, now)
        speaking.say(turn.replies, turn.state.step, timedelta())
        conversations.save_state(
            unit.connection, case.id, state=states.dump(turn.state), seq=speaking.seq
        )
        return True

    @property
    def idle_form(self) -> timedelta:
        """After how long a form counts as left alone."""
        return timedelta(hours=self.desk.office.conversation.draft_offer_after_hours)

    def watch_form(self, connection: Connection, case: Case, at: datetime) -> None:
        """Look at an unfinished form again at ``at``."""
        clocks.arm(
            connection,
            kind=IDLE_FORM,
            subject=f"conversation:{case.id}",
            contact_id=case.contact_id,
            due_at=at,
            inputs=json.dumps({"hours": self.idle_form.total_seconds() / 3600}),
        )

    def _form_idle_at(self, state: State) -> datetime | None:
        if state.draft is None:
            return None
        return datetime.fromtimestamp(state.draft.touched_at, UTC) + self.idle_form

    def _prepare(self, incoming: Incoming) -> _Prepared:
        tidied = tidy(incoming.text)
        masked = mask(tidied.text)
        files = tuple(replace(f, name=mask(tidy(f.name, 120).text).text) for f in incoming.files)
        if tidied.rest:
            blob = self.keep(mask(tidied.text + tidied.rest).text.encode())
            long = IncomingFile("document", "pesan-panjang.txt", "text/plain", None, None, blob)
            files = (*files, long)
        join = _JOIN.search(tidied.text)
        heard = Heard(
            text=masked.text,
            understanding=self.desk.understand(masked.text) if masked.text else NOTHING,
            tap=incoming.tap,
            phone=incoming.phone,
            masked=masked.kinds,
            link_token=incoming.link_token or (join[1] if join else None),
            other=incoming.other,
        )
        name = mask(tidy(incoming.profile_name, 100).text).text
        plain = replace(incoming, text=tidied.text, files=files, profile_name=name)
        return _Prepared(plain, heard, masked.secret_follows)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An event made ready before any lock. ``incoming.text`` is tidy but not masked: it never
    leaves memory."""

    incoming: Incoming
    heard: Heard
    secret_follows: bool


class _Speaking:
    """Writes messages of ours into one transaction, numbering them."""

    def __init__(self, turns: Turns, unit: Unit, case: Case, now: datetime) -> None:
        self.turns = turns
        self.unit = unit
        self.case = case
        self.now = now
        self.seq = case.seq

    def say(
        self,
        replies: tuple[Reply, ...],
        step: int,
        talk_waits: timedelta,
        *,
        hide_keyboard: bool = False,
        kind: str = "message",
    ) -> None:
        """Write replies and wake whoever sends them."""
        connection = self.unit.connection
        abilities = self.turns.abilities[self.case.channel]
        for index, reply in enumerate(replies):
            link = None
            if reply.link is not None:
                link_id = links.make(
                    connection,
                    purpose=reply.link,
                    contact_id=self.case.contact_id,
                    conversation_id=self.case.id,
                    now=self.now,
                )
                link = (reply.link, link_id)
            for words in rendering.render(
                reply, abilities, step, link=link, hide_keyboard=hide_keyboard and not index
            ):
                self._put(words, kind, talk_waits if reply.row_class == "talk" else timedelta())
        if replies:
            self.unit.after_commit(self.turns.bells.delivery.ring)

    def _put(self, words: rendering.Words, kind: str, waits: timedelta) -> None:
        self.seq += 1
        connection = self.unit.connection
        message_id = messages.add(
            connection,
            conversation_id=self.case.id,
            seq=self.seq,
            author="bot" if words.row_class == "talk" else words.row_class,
            text=words.text,
            body=words.body,
            now=self.now,
        )
        outbox.add(
            connection,
            conversation_id=self.case.id,
            channel=self.case.channel,
            message_id=message_id,
            seq=self.seq,
            row_class=words.row_class,
            kind=kind,
            fence=self.case.fence,
            due_at=self.now + waits,
        )


class _Hearing:
    """One user's turn inside one transaction."""

    def __init__(self, turns: Turns, unit: Unit, prepared: _Prepared) -> None:
        self.turns = turns
        self.unit = unit
        self.connection = unit.connection
        self.incoming = prepared.incoming
        self.heard = prepared.heard
        self.secret_follows = prepared.secret_follows
        self.now = turns.clock.now()
        self.flood: tuple[datetime | None, bool] = (None, False)
        self.waits = False
        self.linked_chat: int | None = None

    def run(self, attempt_counted: bool) -> Taken:
        incoming, key = self.incoming, self.incoming.key
        address = (key.channel, key.account, key.chat, key.thread)
        self.case = conversations.open_case(self.connection, address, self.now, self._others())
        conversation_id = self.case.id
        if attempt_counted:
            events.end(self.connection, key.account, incoming.event_id)
        if not events.claim(self.connection, key.account, incoming.event_id, self.now):
            return Taken(Outcome.DUPLICATE, conversation_id, self._known_seq())
        if incoming.membership is not None:
            self._note_membership()
        elif incoming.foreign_group:
            self._leave()
        else:
            self._hear()
        self.unit.after_commit(lambda: self.turns.bells.pages.ring(conversation_id))
        return Taken(Outcome.HANDLED, conversation_id, self.case.seq, self.waits)

    def _others(self) -> tuple[int, ...]:
        """Contacts that this event may join to its own: all are locked in one order."""
        found: int | None = None
        if self.heard.link_token:
            link = links.find(
                self.connection, self.turns.counter.key, "join", self.heard.link_token, self.now
            )
            found = link.contact_id if link else None
            self.linked_chat = link.conversation_id if link else None
        elif self.heard.phone and self.heard.phone.own:
            found = conversations.phone_owner(self.connection, self.heard.phone.number)
        return (found,) if found else ()

    def _known_seq(self) -> int:
        row = messages.find_by_platform(self.connection, self.case.id, self.incoming.message_id)
        return row.seq if row else 0

    def _note_membership(self) -> None:
        gone = self.incoming.membership == "blocked"
        conversations.mark_unreachable(self.connection, self.case.id, self.now if gone else None)

    def _leave(self) -> None:
        speaking = _Speaking(self.turns, self.unit, self.case, self.now)
        if self.case.seq == 0:  # one line, however often the group speaks before we are out
            text = self.turns.desk.texts.render("foreign_group", office=self.turns.desk.office)
            speaking.say((Reply(text, row_class="notice"),), 0, timedelta(), kind="leave")
        self._save(State(), speaking.seq)

    def _hear(self) -> None:
        before = states.load(self.case.state)
        self._mask_in_context(before)
        facts = read_facts(self.turns, self.connection, self.case, self.now)
        message_id, file_ids, edits = self._write_message()
        heard = replace(self.heard, message_id=message_id, edits=edits, files=file_ids)
        flooded, told = self._flood()
        waits_until = self.case.waits_until
        waits = waits_until is not None and waits_until > self.now
        if waits and conversation.may_take_back(before, heard, self.turns.desk):
            outbox.lock_lane(self.connection, self.case.id)
            unspoken = outbox.withdraw_unspoken(self.connection, self.case.id, self.now) > 0
            facts = replace(facts, unspoken=unspoken)
        turn = conversation.advance(before, heard, facts, self.turns.desk)
        if facts.unspoken and not any(isinstance(c, RecordMiss) for c in turn.commands):
            messages.forget_miss(self.connection, self.case.id, before.step)
        self._speak(before, turn, flooded, told)

    def _mask_in_context(self, before: State) -> None:
        """Some masks depend on what was asked: the field, or a secret announced just before."""
        expected = conversation.expected(before, self.turns.desk)
        if not self.incoming.text or not (before.secret_follows or expected):
            return
        masked = mask(
            self.incoming.text, after_secret_prompt=before.secret_follows, expected=expected
        )
        if masked.text != self.heard.text:
            self.heard = replace(
                self.heard,
                text=masked.text,
                masked=masked.kinds,
                understanding=self.turns.desk.understand(masked.text),
            )
        self.secret_follows = masked.secret_follows

    def _write_message(self) -> tuple[int, tuple[File, ...], int | None]:
        if self.incoming.edits:
            row = messages.find_by_platform(self.connection, self.case.id, self.incoming.edits)
            if row is not None and row.author == "user":
                messages.edit(self.connection, row.id, self.heard.text, self.now)
                return row.id, (), row.id
        self.case = replace(self.case, seq=self.case.seq + 1)
        message_id = messages.add(
            self.connection,
            conversation_id=self.case.id,
            seq=self.case.seq,
            author="user",
            text=self._shown_text(),
            platform_id=self.incoming.message_id or None,
            quotes=self.incoming.quotes,
            now=self.now,
        )
        files = tuple(self._write_file(message_id, f) for f in self.incoming.files)
        if any(file.ref for file in self.incoming.files):
            self.unit.after_commit(self.turns.bells.fetcher.ring)
        return message_id, files, None

    def _shown_text(self) -> str:
        """What the transcript shows: a tap reads as its label."""
        tap = self.heard.tap
        if tap is not None:
            offered = states.load(self.case.state).offered
            return next((c.label for c in offered if c.value == tap.value), "(tombol lama)")
        if self.heard.phone is not None:
            return f"(membagikan nomor {self.heard.phone.number})"
        if not self.heard.text and self.heard.link_token:
            return "(menghubungkan chat)"
        return self.heard.text or (f"({self.heard.other})" if self.heard.other else "")

    def _write_file(self, message_id: int, file: IncomingFile) -> File:
        file_id = messages.add_file(
            self.connection,
            conversation_id=self.case.id,
            message_id=message_id,
            kind=file.kind,
            name=file.name,
            mime=file.mime,
            size=file.size,
            ref=file.ref,
            blob=file.blob,
            sha256=file.blob,
            now=self.now,
        )
        return File(file_id, file.kind, file.name)

    def _flood(self) -> tuple[bool, bool]:
        """(writes too fast, has to be told so now): GCRA with a minute's burst."""
        allowance = timedelta(minutes=1)
        each = allowance / self.turns.desk.office.conversation.messages_per_minute
        tat = max(self.case.flood_tat or self.now, self.now) + each
        flooded = tat - self.now > allowance
        if flooded:
            tat = self.now + allowance
        calm = tat - self.now < allowance / 2
        told = (self.case.flood_told and not calm) or flooded
        self.flood = (tat, told)
        return flooded, flooded and not self.case.flood_told

    def _speak(self, before: State, turn: Turn, flooded: bool, tell: bool) -> None:
        state = replace(turn.state, secret_follows=self.secret_follows)
        moment = Moment(self.connection, self.case, self.now, state.step)
        answers = carry_out(self.turns.counter, moment, turn.commands)
        if any(isinstance(c, ProvePhone | RedeemLink) for c in turn.commands):
            owner = conversations.contact_of(self.connection, self.case.id)
            joined, self.case = (
                owner != self.case.contact_id,
                replace(self.case, contact_id=owner),
            )
            self._tell_linked_chat(joined)
        speaking = _Speaking(self.turns, self.unit, self.case, self.now)
        if tell:
            text = self.turns.desk.texts.render("flood", office=self.turns.desk.office)
            speaking.say((Reply(text, row_class="notice"),), state.step, timedelta())
        waits = self._waits(before, turn, flooded)
        self.waits = bool(waits)
        speaking.say(
            _in_order(turn, answers),
            state.step,
            waits,
            hide_keyboard=_phone_was_asked(before, self.turns.desk)
            and not _phone_was_asked(state, self.turns.desk),
        )
        self._watch_form(before, state)
        self._save(state, speaking.seq, self.now + waits if waits else None)

    def _tell_linked_chat(self, joined: bool) -> None:
        """Whoever made a joining link hears that it was used."""
        if not joined or self.linked_chat is None:
            return
        other = conversations.load_locked(self.connection, self.linked_chat)
        if other.channel in self.turns.abilities:
            text = self.turns.desk.texts.render("link_used", office=self.turns.desk.office)
            self.turns.say(self.unit, other, Reply(text, row_class="notice"))
            linked = self.linked_chat
            self.unit.after_commit(lambda: self.turns.bells.pages.ring(linked))

    def _waits(self, before: State, turn: Turn, flooded: bool) -> timedelta:
        burst = self.turns.desk.office.conversation.burst
        seconds = {
            Settle.NOW: 0.0,
            Settle.BREATH: burst.breath_seconds,
            Settle.FRAGMENT: burst.fragment_seconds,
        }[turn.settle]
        unchanged = replace(turn.state, step=before.step) == before
        if flooded and (turn.settle is not Settle.NOW or unchanged):
            seconds = max(seconds, 3.0)
        return timedelta(seconds=seconds)

    def _watch_form(self, before: State, state: State) -> None:
        if state.draft is not None and before.draft is None:
            at = self.now + self.turns.idle_form
            self.turns.watch_form(self.connection, self.case, at)
        elif state.draft is None and before.draft is not None:
            clocks.disarm(self.connection, IDLE_FORM, f"conversation:{self.case.id}")

    def _save(self, state: State, seq: int, waits_until: datetime | None = None) -> None:
        conversations.save(
            self.connection,
            self.case.id,
            state=states.dump(state),
            seq=seq,
            heard_at=self.now,
            profile_name=self.incoming.profile_name or self.case.profile_name,
            waits_until=waits_until,
            flood_tat=self.flood[0],
            flood_told=self.flood[1],
        )


def _in_order(turn: Turn, answers: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """What the commands answered stands before the question that is put, else at the end."""
    if turn.asks and answers:
        return (*turn.replies[:-1], *answers, turn.replies[-1])
    if len(turn.replies) == len(answers) == 1:  # one message says both
        said = turn.replies[0]
        text = f"{answers[0].text}\n\n{said.text}"
        return (replace(answers[0], text=text, choices=answers[0].choices or said.choices),)
    return (*turn.replies, *answers)


def read_facts(turns: Turns, connection: Connection, case: Case, now: datetime) -> Facts:
    """All a flow may know, read once under the contact's lock."""
    calendar = turns.counter.calendar
    is_open = calendar.is_open(now)
    return Facts(
        now=calendar.local(now),
        office_open=is_open,
        next_open=None if is_open else calendar.next_open(now),
        channel=case.channel,
        can_share_phone=turns.abilities[case.channel].ask_phone,
        profile_name=case.profile_name or None,
        own_phone=case.own_phone,
        identity=json.loads(case.identity) if case.identity else None,
        tickets=tuple(
            TicketFact(
                number=row.number,
                kind=row.kind,
                state=row.state,
                subject=_subject(row.problem),
                opened_at=calendar.local(row.opened_at),
                priority=row.priority,
                decides=row.decides,
                files=row.files,
            )
            for row in tickets.of_contact(connection, case.contact_id)
        ),
        waiting_number=case.waiting_number,
    )


def _phone_was_asked(state: State, desk: Desk) -> bool:
    return conversation.expected(state, desk) == "phone"


def _subject(problem: str) -> str:
    """The beginning of a problem, cut between words."""
    text = " ".join(problem[:300].split())
    return text if len(text) <= 60 else text[:59].rsplit(" ", 1)[0] + "…"
