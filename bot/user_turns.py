"""A user's turn: masked and understood before any lock; everything from the lock to the commit
is one synchronous call (docs/design.md, the path of a message)."""

from __future__ import annotations

import re
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot import addressing
from bot.incoming import ConversationKey, Incoming, IncomingFile
from bot.turns import IDLE_FORM, Turns
from dialogs import conversation
from dialogs import state as states
from dialogs.commands import ProvePhone, RecordMiss, RedeemLink
from dialogs.desk import Desk
from dialogs.heard import File, Heard
from dialogs.masking import mask
from dialogs.offers import READ
from dialogs.reply import Reply
from dialogs.state import State
from dialogs.text_edge import tidy
from dialogs.turn import Settle, Turn
from handoff import links
from handoff.counter import Moment
from handoff.desk import carry_out
from nlu.understanding import NOTHING
from storage.repositories import clock as clocks
from storage.repositories import (
    conversations,
    events,
    messages,
    outbox,
    receipts,
    tickets,
)
from storage.repositories.conversations import Case
from storage.unit import Unit

_JOIN = re.compile(r"(?:[?&]join=|^/hubungkan[ _])([A-Za-z0-9_-]{24,64})")


class Outcome(Enum):
    """What became of an event."""

    HANDLED = "handled"
    DUPLICATE = "duplicate"  # it was handled before: nothing changed
    PARKED = "parked"  # our code failed on it twice: put aside, staff see it


@dataclass(frozen=True, slots=True)
class Taken:
    """An event after its commit. ``seq`` is the message's number in its conversation;
    ``waits`` says that the answer is held back for a breath."""

    outcome: Outcome
    conversation_id: int = 0
    seq: int = 0
    waits: bool = False


@dataclass(frozen=True, slots=True)
class UserTurns:
    """Handles what users send, on any channel."""

    turns: Turns

    def take(self, incoming: Incoming, *, attempt_counted: bool = False) -> Future[Taken]:
        """Handle one event of a user. The future is done once it is durable; it fails with
        ``storage.database.Unavailable`` or with whatever our own code did wrong."""
        prepared = prepare(self.turns, incoming)
        return self.turns.database.write(
            lambda unit: _Hearing(self.turns, unit, prepared).run(attempt_counted)
        )


def prepare(turns: Turns, incoming: Incoming) -> _Prepared:
    """Tidy, mask and understand an event, before any lock."""
    tidied = tidy(incoming.text)
    masked = mask(tidied.text)
    files = tuple(replace(f, name=mask(tidy(f.name, 120).text).text) for f in incoming.files)
    if tidied.rest:
        blob = turns.keep(mask(tidied.text + tidied.rest).text.encode())
        long = IncomingFile("document", "pesan-panjang.txt", "text/plain", None, None, blob)
        files = (*files, long)
    join = _JOIN.search(tidied.text)
    heard = Heard(
        text=masked.text,
        understanding=turns.listen(masked.text) if masked.text else NOTHING,
        tap=incoming.tap and replace(incoming.tap, value=tidy(incoming.tap.value, 64).text),
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


class _Hearing:
    """One user's turn inside one transaction."""

    def __init__(self, turns: Turns, unit: Unit, prepared: _Prepared) -> None:
        self.turns = turns = turns.pinned()
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
        incoming, key = self.incoming, self._placed()
        if key is None:
            return Taken(Outcome.DUPLICATE)
        self.case = self._locked((key.channel, key.account, key.chat, key.thread))
        conversation_id = self.case.id
        if attempt_counted:
            events.end(self.connection, key.account, incoming.event_id)
        if not events.claim(self.connection, key.account, incoming.event_id, self.now):
            return Taken(Outcome.DUPLICATE, conversation_id, self._known_seq())
        if incoming.membership is not None:
            self._note_membership()
        elif incoming.foreign_group:
            self._leave()
        elif incoming.aside is not None or incoming.became is not None:
            self._note_aside()
        else:
            self._hear()
        self.unit.after_commit(lambda: self.turns.bells.pages.ring(conversation_id))
        return Taken(Outcome.HANDLED, conversation_id, self.case.seq, self.waits)

    def _placed(self) -> ConversationKey | None:
        """Where the user's conversation stands, by whichever of their ids. None for an event that
        was handled before: it changes no ids, and those it names may be another's by now."""
        incoming, key = self.incoming, self.incoming.key
        if incoming.number is None and incoming.became is None:
            return key
        if events.is_known(self.connection, key.account, incoming.event_id):
            return None
        return addressing.place_event(self.connection, incoming, self.now)

    def _locked(self, address: tuple[str, str, str, str]) -> Case:
        """The case, locked together with whom it may be joined to. While we waited for the lock
        somebody may have proved the number, or joined the other chat elsewhere: then again."""
        others = self._others()
        while True:
            case = conversations.open_case(self.connection, address, self.now, others)
            found = self._others()
            if {*found} <= {*others, case.contact_id}:
                return case
            others = (*others, *found)

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
        speaking = self.turns.speaking(self.unit, self.case)
        if self.case.seq == 0:  # one line, however often the group speaks before we are out
            text = self.turns.desk.texts.render("foreign_group", office=self.turns.desk.office)
            speaking.say((Reply(text, row_class="notice"),), 0, kind="leave")
        self._save(State(), speaking.seq)

    def _note_aside(self) -> None:
        """Something that shows in the transcript and that nobody answers."""
        self.case = replace(self.case, seq=self.case.seq + 1)
        messages.add(
            self.connection,
            conversation_id=self.case.id,
            seq=self.case.seq,
            author="user",
            text=self.incoming.aside or "(nomor atau akun berganti)",
            platform_id=self.incoming.message_id or None,
            quotes=self.incoming.quotes,
            now=self.now,
        )
        state, seq = self.case.state, self.case.seq
        conversations.save_state(self.connection, self.case.id, state=state, seq=seq)

    def _open_window(self) -> int:
        """Whoever writes can be written to: what waited for that goes first. How much."""
        window = self.turns.abilities[self.case.channel].window
        if window is None:
            return 0
        began = min(self.incoming.sent_at or self.now, self.now)
        until = max(began + window, self.case.window_until or began)
        self.case = replace(self.case, window_until=until)
        if until <= self.now:
            return 0
        outbox.lock_lane(self.connection, self.case.id)
        released = outbox.release(self.connection, self.case.id, self.case.channel, self.now)
        if released:
            self.unit.after_commit(self.turns.bells.delivery.ring)
        return released

    def _hear(self) -> None:
        before = states.load(self.case.state)
        released = self._open_window()
        if self.heard.tap is not None and self.heard.tap.value == READ:
            self._read(before, released)
            return
        self._mask_in_context(before)
        known = replace(self.turns.facts(self.connection, self.case), about=self._about())
        message_id, file_ids, edits = self._write_message()
        heard = replace(self.heard, message_id=message_id, edits=edits, files=file_ids)
        flooded, told = self._flood()
        waits_until = self.case.waits_until
        waits = waits_until is not None and waits_until > self.now
        if waits and conversation.may_take_back(before, heard, self.turns.desk):
            outbox.lock_lane(self.connection, self.case.id)
            unspoken = outbox.withdraw_unspoken(self.connection, self.case.id, self.now) > 0
            known = replace(known, unspoken=unspoken)
        turn = conversation.advance(before, heard, known, self.turns.desk)
        if known.unspoken and not any(isinstance(c, RecordMiss) for c in turn.commands):
            messages.forget_miss(self.connection, self.case.id, before.step)
        self._speak(before, turn, flooded, told)

    def _read(self, before: State, released: int) -> None:
        """*Baca*: what waited is the answer; where nothing did, that is said."""
        self._write_message()
        speaking = self.turns.speaking(self.unit, self.case)
        if not released:
            text = self.turns.desk.texts.render("nothing_waits", office=self.turns.desk.office)
            speaking.say((Reply(text, row_class="notice"),), before.step)
        self._save(before, speaking.seq)

    def _about(self) -> str | None:
        """The ticket of the message that this one quotes."""
        if not self.incoming.quotes:
            return None
        row = messages.find_by_platform(self.connection, self.case.id, self.incoming.quotes)
        if row is None and self.turns.abilities[self.case.channel].window is not None:
            row = receipts.of_announcement(self.connection, self.case.id, self.incoming.quotes)
        if row is None or row.ticket_id is None:
            return None
        return str(tickets.get(self.connection, row.ticket_id).number)

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
        if tap is not None and tap.value == READ:
            return "(Baca)"
        if tap is not None:
            state = states.load(self.case.state)
            shown = (*state.offered, *state.asked)
            return next((c.label for c in shown if c.value == tap.value), "(tombol lama)")
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
        state = _asking(state, answers)
        if any(isinstance(c, ProvePhone | RedeemLink) for c in turn.commands):
            owner = conversations.contact_of(self.connection, self.case.id)
            joined, self.case = (
                owner != self.case.contact_id,
                replace(self.case, contact_id=owner),
            )
            self._tell_linked_chat(joined)
        speaking = self.turns.speaking(self.unit, self.case)
        if tell:
            text = self.turns.desk.texts.render("flood", office=self.turns.desk.office)
            speaking.say((Reply(text, row_class="notice"),), state.step)
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
        if moment.says or moment.touched or self.case.holder or self.case.waiting_number:
            self.turns.finish(self.unit, moment)

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
            at = self.now + self.turns.idle_form(self.case.channel)
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
            window_until=self.case.window_until,
        )


def _asking(state: State, answers: tuple[Reply, ...]) -> State:
    """The choices of what the commands answered count like those of a notice."""
    asked = next((reply.choices for reply in reversed(answers) if reply.choices), ())
    return replace(state, asked=asked, asked_last=True) if asked else state


def _in_order(turn: Turn, answers: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """What the commands answered stands before the question that is put, else at the end."""
    if turn.asks and answers:
        return (*turn.replies[:-1], *answers, turn.replies[-1])
    if len(turn.replies) == len(answers) == 1:  # one message says both
        said = turn.replies[0]
        text = f"{answers[0].text}\n\n{said.text}"
        return (replace(answers[0], text=text, choices=answers[0].choices or said.choices),)
    return (*turn.replies, *answers)


def _phone_was_asked(state: State, desk: Desk) -> bool:
    return conversation.expected(state, desk) == "phone"
