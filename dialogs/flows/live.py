"""A person has the chat, or will: what is written goes to them, and only a few words are ours."""

from __future__ import annotations

import re
from dataclasses import replace

from dialogs.choosing import plain, without_fillers
from dialogs.commands import (
    CallHuman,
    Command,
    HereIAm,
    KeepForAgent,
    LeaveChat,
    NoteOnTicket,
    OpenTicket,
    PassToAgent,
    ProvePhone,
    Relay,
)
from dialogs.flows import data, links, menu
from dialogs.heard import Heard
from dialogs.move import Moment, Move
from dialogs.turn import Settle

# The words with which a user leaves a live chat or the queue, besides /bot.
TO_THE_BOT = (
    "kembali ke bot",
    "balik ke bot",
    "ke bot",
    "selesai ngobrol",
    "selesai mengobrol",
    "akhiri obrolan",
    "keluar antrean",
    "keluar dari antrean",
    "keluar antrian",
    "keluar dari antrian",
)
_TO_THE_BOT = re.compile(
    r"^(?:(?:kembali|kmbali|kembalikan|balik|balikin|pindah|bicara|ngobrol|chat)\s+)?(?:lagi\s+)?"
    r"(?:ke|sama|dengan|dgn)\s+bot(?:nya)?(?:\s+lagi)?$"
    r"|^(?:akhiri|selesaikan|tutup|sudahi|stop|keluar|keluar dari|selesai|udahan|berhenti)\s+"
    r"(?:obrolan|obrolannya|chat|chatnya|percakapan|ngobrol|ngobrolnya|antrean|antrian|antri"
    r"|antreannya|antriannya)$"
    r"|^(?:batal|batalkan|ga|gak|tidak|cancel)(?:\s+jadi)?\s+(?:antre|antri|antrean|antrian"
    r"|antriannya|antreannya|nunggu|menunggu)$"
)
_WHEN = re.compile(
    r"^(?:min |mas |mbak |pak |bu |kak )?"
    r"(?:kapan|kpn|brp|berapa|masih|msh|nomor|urutan|giliran|sampai|smp)\b.{0,25}"
    r"\b(?:dipanggil|giliran\w*|antri\w*|antre\w*|urutan|dibalas|dijawab|dilayani|lama lagi)\b"
)
_SLASH = ("/bot", "/kembali_ke_bot")
# What these take is somewhere else already.
_TAKEN = (PassToAgent, OpenTicket, CallHuman, NoteOnTicket, LeaveChat, HereIAm, Relay)


def hear(m: Moment, last: Heard) -> Move:
    """A message of a live chat: it goes to the agent as it is; the bot says nothing."""
    here = m.with_state(flow="menu", at="rest", offered=(), burst=None)
    if last.link_token:
        return links.redeem(here, last.link_token)
    if last.tap is not None:
        return _quiet(here, say=(m.text("live_bot_button", live=m.facts.live),))
    if not last.files and wants_bot(last.text):
        return leave(here)
    other = _quotes_another(m)
    say = (m.text("passing_done", number=other),) if other else ()
    data_too = data.beside(m, m.facts.live.ticket) if m.facts.live and not other else ()
    return _quiet(here, *_relayed(m, last, other), *data_too, say=say)


def wants_bot(text: str) -> bool:
    """Whether these words, and nothing besides, ask for the bot."""
    said = plain(text)
    if text.strip().lower().partition("@")[0] in _SLASH:
        return True
    bare = without_fillers(said)
    return said in TO_THE_BOT or bare in TO_THE_BOT or _TO_THE_BOT.match(bare) is not None


def leaving(m: Moment) -> Move | None:
    """Out of the queue, in words of the user's own."""
    waits = m.facts.queue is not None and m.facts.queue.here
    return leave(m) if waits and not m.heard.files and wants_bot(m.heard.text) else None


def place(m: Moment) -> Move | None:
    """ "Kapan dipanggil?": the place in the queue is said again."""
    waits = m.facts.queue is not None and m.facts.queue.here
    if not waits or m.heard.files or not _WHEN.search(plain(m.heard.text)):
        return None
    return replace(m.stay(commands=(CallHuman(),)), silent=True)


def leave(m: Moment) -> Move:
    """Out of a live chat or out of the queue; whoever is in neither has the bot already."""
    if m.facts.live is None and (m.facts.queue is None or not m.facts.queue.here):
        return menu.home(m)
    if m.state.flow == "consultation":
        return replace(m.stay(), commands=(LeaveChat(),))
    return replace(menu.home(m), commands=(LeaveChat(),))


def here(m: Moment) -> Move:
    """*Saya di sini*."""
    if m.facts.live is not None:
        return _quiet(m, say=(m.text("live_already", live=m.facts.live),))
    return Move(m.state, commands=(HereIAm(),), again=True, silent=True)


def present(m: Moment, last: Heard) -> Move | None:
    """Whatever a user who is called writes says that they are there; it goes to the agent."""
    queue = m.facts.queue
    if queue is None or not (queue.called and queue.here) or last.edits is not None:
        return None
    if not last.text.strip() and not last.files:
        return None
    move = here(m)
    return replace(move, commands=(*move.commands, *_relayed(m, last)))


def kept(m: Moment, move: Move) -> Move:
    """What is written while the user waits is kept for the agent, whatever the bot answers."""
    queue = m.facts.queue
    if queue is None or not queue.here or queue.ticket is None or move.anew is not None:
        return move
    if any(isinstance(command, _TAKEN) for command in move.commands):
        return move
    ids = tuple(dict.fromkeys((*(part.message_id for part in m.parts), m.heard.message_id)))
    files = tuple(file.attachment_id for file in m.heard.files)
    return replace(move, commands=(*move.commands, KeepForAgent(ids, files)))


def noted(m: Moment) -> Move | None:
    """While the user waits, what the bot cannot answer is for the agent."""
    queue = m.facts.queue
    if queue is None or not queue.here or queue.ticket is None:
        return None
    came = {file.attachment_id for file in m.heard.files}
    files = tuple(file for file in m.state.files if file not in came)
    move = m.go("menu", "rest", files=files, misses=0)
    voice = any(file.kind == "voice" for file in m.heard.files)
    text = m.text("waiting_noted", queue=queue, files=len(m.heard.files), voice=voice)
    return replace(move, say=(text,), settle=Settle.BREATH)


def _quotes_another(m: Moment) -> str | None:
    """The open ticket of the message that is quoted, where it is not the one talked about."""
    live, about = m.facts.live, m.facts.about
    if live is None or about in (None, live.ticket):
        return None
    return next((t.number for t in m.facts.tickets if t.number == about and t.open), None)


def _relayed(m: Moment, last: Heard, other: str | None = None) -> tuple[Command, ...]:
    text = last.text.strip()
    files = tuple(file.attachment_id for file in last.files)
    proof: tuple[Command, ...] = ()
    if last.phone is not None:
        text = f"(membagikan nomor {last.phone.number})"
        proof = (ProvePhone(last.phone.number),) if last.phone.own else ()
    elif not text and not files and last.other:
        text = f"({last.other})"
    if other and (text or files):
        return (*proof, PassToAgent(other, text, (last.message_id,), files))
    return (*proof, Relay(text, last.message_id, files)) if text or files else proof


def _quiet(m: Moment, *commands: Command, say: tuple[str, ...] = ()) -> Move:
    return Move(m.state, say, commands=commands, again=True, silent=True)
