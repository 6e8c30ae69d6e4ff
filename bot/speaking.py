"""Writing messages of ours into a transaction: numbered, rendered, put on their way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import rendering
from bot.bells import Bell, PageBells
from bot.channels.port import Abilities
from dialogs import state as states
from dialogs.reply import Reply
from handoff import links
from handoff.counter import Say
from storage.repositories import calls, conversations, data, messages, outbox
from storage.repositories import clock as clocks
from storage.repositories.conversations import Case
from storage.unit import Unit

BOARD = 0  # the console's board among the bells of its pages
WEB_NOTICE = "web_notice"
WEB_PATIENCE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Bells:
    """Who is told after a commit: delivery, the fetcher, the pages of a conversation, the
    console's pages (by ticket id; BOARD is the board)."""

    delivery: Bell
    fetcher: Bell
    pages: PageBells
    desk: PageBells


class Speaking:
    """Writes messages of ours into one conversation, numbering them."""

    def __init__(
        self,
        unit: Unit,
        case: Case,
        abilities: Mapping[str, Abilities],
        bells: Bells,
        now: datetime,
    ) -> None:
        self.unit = unit
        self.case = case
        self.now = now
        self.seq = case.seq
        self._abilities = abilities[case.channel]
        self._bells = bells

    def say(
        self,
        replies: Iterable[Reply],
        step: int,
        talk_waits: timedelta = timedelta(0),
        *,
        hide_keyboard: bool = False,
        kind: str = "message",
        about: Say | None = None,
        bulk: bool = False,
    ) -> int | None:
        """Write replies and wake whoever sends them; the last message's row id. ``about`` is
        what they belong to besides the conversation, ``bulk`` that people's words go first."""
        message_id = None
        for index, reply in enumerate(replies):
            waits = talk_waits if reply.row_class == "talk" else timedelta()
            for words in rendering.render(
                reply,
                self._abilities,
                step,
                link=self._link(reply),
                hide_keyboard=hide_keyboard and not index,
            ):
                message_id = self._put(words, kind, waits, about, bulk)
                if reply.file and words.carries_file and not reply.file.attachment_id:
                    self._own_file(message_id, reply, words.body or "{}", about)
        if message_id is not None:
            self.unit.after_commit(self._bells.delivery.ring)
        return message_id

    def _link(self, reply: Reply) -> tuple[str, int] | None:
        if reply.link is None:
            return None
        link_id = links.make(
            self.unit.connection,
            purpose=reply.link,
            contact_id=self.case.contact_id,
            conversation_id=self.case.id,
            now=self.now,
        )
        return (reply.link, link_id)

    def _put(
        self, words: rendering.Words, kind: str, waits: timedelta, about: Say | None, bulk: bool
    ) -> int:
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
            ticket_id=about.ticket_id if about else None,
            agent_id=about.agent_id if about else None,
            origin=about.origin if about else None,
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
            purpose=_purpose(words, about),
            bulk=bulk,
        )
        return message_id

    def _own_file(self, message_id: int, reply: Reply, body: str, about: Say | None) -> None:
        """A file of an agent: its row is made with the message that carries it."""
        file = reply.file
        assert file is not None
        connection = self.unit.connection
        file_id = messages.add_file(
            connection,
            conversation_id=self.case.id,
            message_id=message_id,
            kind=file.kind,
            name=file.name,
            mime=file.mime,
            size=None,
            ref=None,
            blob=file.blob,
            sha256=file.blob,
            now=self.now,
        )
        kept = {**json.loads(body), "file_id": file_id}
        messages.set_body(connection, message_id, json.dumps(kept, ensure_ascii=False))
        if about is not None and about.ticket_id is not None:
            messages.attach_to_ticket(connection, (file_id,), about.ticket_id)


def _purpose(words: rendering.Words, about: Say | None) -> str:
    """Which template may stand for a message where the platform takes no free words."""
    if about is None or about.ticket_id is None or words.row_class == "person":
        return "reply"
    return about.purpose or "ticket_update"


def deliver(
    unit: Unit,
    says: Iterable[Say],
    abilities: Mapping[str, Abilities],
    bells: Bells,
    now: datetime,
    *,
    bulk: bool = False,
) -> None:
    """Messages outside the user's own turn. Whoever has no open channel has to be phoned. All
    conversations belong to the contact that is locked."""
    connection = unit.connection
    for say in says:
        case = conversations.load_locked(connection, say.conversation_id)
        if case.channel not in abilities:
            _to_be_called(unit, case, say, now)
            continue
        state = states.load(case.state)
        speaking = Speaking(unit, case, abilities, bells, now)
        message_id = speaking.say((say.reply,), state.step, about=say, bulk=bulk)
        if say.reply.choices:
            state = replace(state, asked=say.reply.choices, asked_last=True)
        conversations.save_state(connection, case.id, state=states.dump(state), seq=speaking.seq)
        assert message_id is not None
        if say.data_request is not None:
            data.change(connection, say.data_request, message_id=message_id)
        if say.must_arrive and (abilities[case.channel].local or abilities[case.channel].receipts):
            _watch(unit, case, say, message_id, now)
        unit.after_commit(lambda chat=case.id: bells.pages.ring(chat))  # type: ignore[misc]


def _to_be_called(unit: Unit, case: Case, say: Say, now: datetime) -> None:
    """Kept in the transcript, and put on the list of calls to make."""
    connection, text = unit.connection, say.reply.text
    messages.add(
        connection,
        conversation_id=case.id,
        seq=case.seq + 1,
        author=say.reply.row_class if say.reply.row_class != "talk" else "bot",
        text=text,
        now=now,
        ticket_id=say.ticket_id,
        agent_id=say.agent_id,
        origin=say.origin,
    )
    conversations.save_state(connection, case.id, state=case.state, seq=case.seq + 1)
    if say.ticket_id is None or say.reply.row_class == "talk":
        return
    if say.data_request is None:  # those have a call of their own
        calls.add(
            connection,
            ticket_id=say.ticket_id,
            kind="walk_in",
            subject=f"conversation:{case.id}:{case.seq + 1}",
            words=text,
            now=now,
        )


def _watch(unit: Unit, case: Case, say: Say, message_id: int, now: datetime) -> None:
    clocks.arm(
        unit.connection,
        kind=WEB_NOTICE,
        subject=f"message:{message_id}",
        contact_id=case.contact_id,
        due_at=now + WEB_PATIENCE,
        inputs=json.dumps({"message": message_id}),
        ticket_id=say.ticket_id,
    )
