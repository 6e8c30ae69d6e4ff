"""Plays one conversation of this folder, step by step (its words are in the README)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.delivery import Address
from bot.places import read_secret_key
from handoff.clock import service
from storage.repositories import agents
from tests.conversations import looking
from tests.conversations.stage import Stage
from tests.rig import Rig, Said

# What no user may ever read, whatever the conversation was about.
NEVER = (
    r"(?i)(sedang|segera|akan) (kami )?(di)?(hubungkan|sambungkan|terhubung)",
    r"(?i)data\S* (pribadi )?(anda |kakak )?(sudah|telah|berhasil) (kami )?(di)?hapus(?! belum)",
    r"\{[{%]",
    r"\bNone\b|\bundefined\b|Traceback",
)


class Player(Stage):
    """Plays one script: each step is a word and what goes with it."""

    def __init__(self, script: dict[str, Any], make_rig: Callable[..., Rig], name: str) -> None:
        super().__init__(script, make_rig)
        self._talk = script["talk"]
        self._name = name
        self._parks = script.get("parks", 0)
        self._kept: dict[str, str] = {}
        self._answers: dict[str, str] = {}

    def play(self) -> None:
        """Every step, and after the last what holds for all conversations."""
        for number, step in enumerate(self._talk, 1):
            ((word, what),) = step.items()
            try:
                WORDS[word](self, self._fill(what))
            except AssertionError as error:
                raise AssertionError(self._story(f"step {number} {step}", error)) from None
        try:
            self._held()
        except AssertionError as error:
            raise AssertionError(self._story("at the end", error)) from None

    # What users see

    def bot(self, what: list[str] | str) -> None:
        for piece in [what] if isinstance(what, str) else what:
            assert self._shows(piece), f"{piece!r} is not in the answer"

    def bot_not(self, what: list[str] | str) -> None:
        for piece in [what] if isinstance(what, str) else what:
            assert not self._shows(piece), f"{piece!r} is in the answer"

    def bot_any(self, what: list[str]) -> None:
        assert any(map(self._shows, what)), f"none of {what} is in the answer"

    def buttons(self, what: list[str]) -> None:
        labels = [label.lower() for label in self._rig.labels(self._who, self._channel)]
        for label in what:
            assert label.lower() in labels, f"{label!r} is not offered: {labels}"

    def buttons_now(self, what: int) -> None:
        said = self._newest()
        count = len(said[-1].buttons) if said else 0
        assert count == what, f"the newest message has {count} buttons"

    def messages(self, what: int) -> None:
        count = len(self._newest())
        assert count == what, f"the answer was {count} messages"

    def lines(self, what: int) -> None:
        longest = max(len(s.text.splitlines()) for s in self._newest())
        assert longest <= what, f"a message has {longest} lines"

    def ends_with(self, what: list[str]) -> None:
        """The last message of the answer, not one before it, holds one of these."""
        last = self._newest()[-1].text.lower()
        assert any(piece.lower() in last for piece in what), f"the last message is {last!r}"

    def same_as(self, what: str) -> None:
        now = self._bare()
        assert now == self._answers[what], f"not the answer kept as {what}:\n{self._answers[what]}"

    def keep(self, what: str) -> None:
        self._answers[what] = self._bare()

    def remember(self, what: dict[str, str]) -> None:
        for name, pattern in what.items():
            match = re.search(pattern, self._answer())
            assert match, f"nothing in the answer matches {pattern}"
            self._kept[name] = match[match.lastindex or 0]

    def asks_phone(self, what: bool) -> None:
        asked = self._rig.telegram.sent[-1].ask_phone
        assert asked == what, f"the share-my-number button is {'' if asked else 'not '}shown"

    # What agents see

    def agent_told(self, what: list[str] | str) -> None:
        """The sentence the agent read after the last action."""
        for piece in [what] if isinstance(what, str) else what:
            assert piece.lower() in self.sentence.lower(), self.sentence or self.refusal

    def refused(self, what: list[str] | str) -> None:
        """The last action was refused, with these words."""
        assert self.refusal, f"it was done: {self.sentence!r}"
        for piece in [what] if isinstance(what, str) else what:
            assert piece.lower() in self.refusal.lower(), self.refusal

    def done(self, _: bool) -> None:
        """The last action was done."""
        assert not self.refusal, self.refusal

    def alerts(self, what: dict[str, list[str]]) -> None:
        """Unseen alerts of an agent hold these words."""
        for who, pieces in what.items():
            roles = self._rig.rows("SELECT roles FROM agents WHERE login = :who", who=who)[
                0
            ].roles.split()
            rows = self._rig.loket.database.read(
                lambda c, who=who, roles=roles: agents.alerts_for(c, self._rig.agents[who], roles)
            )
            texts = "\n".join(row.text for row in rows)
            for piece in pieces:
                assert piece.lower() in texts.lower(), f"{who} is alerted of: {texts!r}"

    def clocks(self, what: dict[str, str]) -> None:
        """What the console says of the newest ticket's clocks, by name."""
        ticket, counter = self._last("tickets"), self._rig.loket.turns.counter
        shown = self._rig.loket.database.read(
            lambda c: service.of_ticket(c, counter, ticket, self._rig.clock.now())
        )
        found = {one.name: one.words for one in shown}
        for name, words in what.items():
            assert words.lower() in found.get(name, "none").lower(), found

    def calls(self, what: list[str]) -> None:
        """The open calls to make hold these words; an empty list: there is none."""
        rows = self._rig.rows("SELECT words FROM calls WHERE state = 'open'")
        texts = "\n".join(row.words for row in rows)
        assert rows or not what, "nobody is to be phoned"
        assert what or not rows, f"to be phoned: {texts!r}"
        for piece in what:
            assert piece.lower() in texts.lower(), f"to be phoned: {texts!r}"

    # What is kept

    def rows(self, what: dict[str, int]) -> None:
        for table, count in what.items():
            found = self._rig.count(table)
            assert found == count, f"{table} has {found} rows"

    def ticket(self, what: dict[str, Any]) -> None:
        """The newest ticket; ``answers`` whole, ``problem`` by what must stand in it."""
        row = self._last("tickets")
        files = "SELECT count(*) FROM attachments WHERE ticket_id = :ticket"
        found = {
            **row._mapping,
            "answers": json.loads(row.answers),
            "files": self._rig.rows(files, ticket=row.id)[0][0],
        }
        for key, value in what.items():
            if key == "problem":
                for piece in [value] if isinstance(value, str) else value:
                    assert piece in row.problem, f"the problem is {row.problem!r}"
            elif key == "problem_not":
                assert value not in row.problem, f"the problem is {row.problem!r}"
            else:
                assert found[key] == value, f"{key} is {found[key]!r}"

    def human(self, what: dict[str, str]) -> None:
        """The newest wish for a person holds these words."""
        row = self._last("human_requests")
        for key, value in what.items():
            assert value in row._mapping[key], f"{key} is {row._mapping[key]!r}"

    def on_ticket(self, what: list[str]) -> None:
        """These words of the user stand in the talk of a ticket."""
        said = self._user_lines("m.ticket_id IS NOT NULL")
        for piece in what:
            assert piece in said, f"{piece!r} is on no ticket: {said!r}"

    def not_on_ticket(self, what: list[str]) -> None:
        said = self._user_lines("m.ticket_id IS NOT NULL")
        for piece in what:
            assert piece not in said, f"{piece!r} is on a ticket"

    def _user_lines(self, condition: str) -> str:
        rows = self._rig.rows(
            "SELECT m.text FROM messages m JOIN conversations c ON c.id = m.conversation_id "
            f"WHERE m.author = 'user' AND c.chat = :who AND {condition} ORDER BY m.id",
            who=self._rig.key(self._who, self._channel).chat,
        )
        return "\n".join(row.text for row in rows)

    def told(self, what: dict[str, int]) -> None:
        """How many messages of the whole answer hold these words."""
        for words, count in what.items():
            found = sum(words in said.text for said in self._newest())
            assert found == count, f"{words!r} was said {found} times"

    def said(self, what: int) -> None:
        """How many messages of this user are kept."""
        found = sum(s.author == "user" for s in self._rig.transcript(self._who, self._channel))
        assert found == what, f"{found} messages of the user are kept"

    def consultation(self, what: dict[str, Any]) -> None:
        """The newest consultation: topic, version and time, and no other column."""
        row = self._last("consultations")
        assert set(row._mapping) == {"id", "topic", "version", "at"}, list(row._mapping)
        assert row.version, "the version of the answer is missing"
        for key, value in what.items():
            assert row._mapping[key] == value, f"{key} is {row._mapping[key]!r}"

    def nowhere(self, what: list[str]) -> None:
        for secret in what:
            places = looking.places_of(secret, self._rig)
            assert not places, f"{secret!r} can be read in {places}"

    def somewhere(self, what: list[str]) -> None:
        for text in what:
            assert looking.places_of(text, self._rig), f"{text!r} is kept nowhere"

    # Beneath

    def _held(self) -> None:
        """After every conversation: nothing went wrong unseen, and numbers are true."""
        rows = self._rig.rows("SELECT excerpt, error FROM parked")
        assert len(rows) == self._parks, f"parked: {rows}"
        for (note,) in self._rig.rows("SELECT text FROM notes WHERE length(text) > 3"):
            leaks = self._rig.rows("SELECT id FROM messages WHERE text LIKE :n", n=f"%{note}%")
            assert not leaks, f"the internal note {note!r} stands in a message"
        tickets = {number for (number,) in self._rig.rows("SELECT number FROM tickets")}
        announced: set[str] = set()
        for who, channel in self._said:
            said = self._rig.answers(who, channel)
            typed = " ".join(
                s.text for s in self._rig.transcript(who, channel) if s.author == "user"
            )
            for one in said:
                if "sudah dibuat" in one.text:
                    announced |= set(looking.numbers(one.text))
                for words in NEVER:
                    assert not re.search(words, one.text) or re.search(words, typed), words
            if channel == "telegram":
                sent = [out.text for out in self._rig.telegram.sent if out.key.chat == who]
                shown = [one.text for one in self._all(who, channel)]
                assert shown == sent, "what was sent is not what was said"
        assert announced <= tickets, f"{announced - tickets} was announced without a ticket"

    def _last(self, table: str) -> Any:
        rows = self._rig.rows(f"SELECT * FROM {table} ORDER BY id DESC LIMIT 1")
        assert rows, f"{table} has no row"
        return rows[0]

    def _all(self, who: str, channel: str) -> list[Said]:
        self._who, self._channel, self._after = who, channel, 0
        return self._newest()

    def _newest(self) -> list[Said]:
        said = self._rig.answers(self._who, self._channel, self._after)
        return [replace(one, text=self._linked(one)) for one in said]

    def _linked(self, said: Said) -> str:
        """The text as the channel shows it: a private link in its place."""
        if "{link}" not in said.text:
            return said.text
        key = self._rig.key(self._who, self._channel)
        (row,) = self._rig.rows(
            "SELECT m.body FROM messages m JOIN conversations c ON c.id = m.conversation_id "
            "WHERE c.channel = :channel AND c.chat = :chat AND m.seq = :seq",
            channel=key.channel,
            chat=key.chat,
            seq=said.seq,
        )
        link = json.loads(row.body or "{}").get("link")
        if link is None:  # somebody typed it
            return said.text
        address = Address(self._rig.places.address, read_secret_key(self._rig.places))
        return said.text.replace("{link}", address.link(*link))

    def _answer(self) -> str:
        said = self._newest()
        labels = " | ".join(label for s in said for _, label in s.buttons)
        return "\n".join(s.text for s in said) + "\n" + labels

    def _shows(self, piece: Any) -> bool:
        return str(piece).lower() in self._answer().lower()

    def _bare(self) -> str:
        """The answer without the numbers in it, for comparing."""
        return re.sub(r"\b[A-Z]{2,5}-\d{4}-\d{5}-[0-9A-Z]\b", "<nomor>", self._answer())

    def _fill(self, what: Any) -> Any:
        if isinstance(what, str):
            for name, value in self._kept.items():
                what = what.replace("{" + name + "}", value)
        elif isinstance(what, list):
            return [self._fill(part) for part in what]
        elif isinstance(what, dict):
            return {key: self._fill(value) for key, value in what.items()}
        return what

    def _story(self, where: str, error: AssertionError) -> str:
        talk = "\n".join(
            f"  {who:>6} {s.author:>6}: {s.text}"
            + (f"  {[label for _, label in s.buttons]}" if s.buttons else "")
            for who, channel in self._said
            for s in self._rig.transcript(who, channel)
        )
        return f"{self._name}, {where}: {error}\n{talk}"


_STEPS = (
    Player.user, Player.wait, Player.restart, Player.bot, Player.bot_not, Player.bot_any,
    Player.buttons, Player.buttons_now, Player.messages, Player.lines,
    Player.ends_with, Player.same_as,
    Player.keep, Player.clock, Player.clocks, Player.outage,
    Player.agent, Player.lkpp, Player.duty, Player.away,
    Player.agent_told, Player.refused, Player.done, Player.alerts, Player.remember,
    Player.asks_phone, Player.rows, Player.ticket,
    Player.register, Player.counter_says, Player.calls,
    Player.on_ticket, Player.not_on_ticket, Player.closed,
    Player.consultation, Player.human, Player.told, Player.said, Player.nowhere, Player.somewhere,
)  # fmt: skip
WORDS: dict[str, Callable[[Player, Any], None]] = {
    **{step.__name__: step for step in _STEPS},
    "as": Player.as_,
}
