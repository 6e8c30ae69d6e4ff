"""What an agent does, as data. Console, agent group and command line all make these;
``handoff.work`` carries them out inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dialogs.reply import Attached
from handoff.policy import Impact, Priority, Urgency

ItemKind = Literal["text", "file", "any"]


@dataclass(frozen=True, slots=True)
class Take:
    """Become the ticket's holder. One who waits for a person becomes a live chat."""


@dataclass(frozen=True, slots=True)
class CallUser:
    """Call a user who waits in the queue: a message with *Saya di sini* [001, 004]."""


@dataclass(frozen=True, slots=True)
class EndChat:
    """End the live chat; the ticket stays and the bot answers again."""


@dataclass(frozen=True, slots=True)
class Release:
    """Give the ticket back: nobody holds it."""


@dataclass(frozen=True, slots=True)
class Assign:
    """Give the ticket to another agent."""

    agent_id: int


@dataclass(frozen=True, slots=True)
class Classify:
    """Kind and priority (SOP 002 step 2). ``priority`` None takes the table's suggestion."""

    kind: str
    impact: Impact
    urgency: Urgency
    priority: Priority | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class FillForm:
    """Section A as the agent heard it; ``missing`` marks the rest "tidak diberikan"."""

    answers: Mapping[str, str] = field(default_factory=dict)
    missing: bool = False


@dataclass(frozen=True, slots=True)
class ReplyToUser:
    """A line to the user, with files whose bytes are stored (``attachment_id`` 0: their rows
    are made with the message)."""

    text: str
    files: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteNote:
    """An internal note: it never reaches a user."""

    text: str


@dataclass(frozen=True, slots=True)
class Recommend:
    """The Kepala Unit's recommendation: seen by the agents, never a gate."""

    text: str


@dataclass(frozen=True, slots=True)
class AskData:
    """Ask the user for data (SOP 002 step 4): (what, as what) in order."""

    items: tuple[tuple[str, ItemKind], ...]
    words: str = ""
    for_lkpp: bool = False


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """The result of a call on the call list [002 step 4]: *Sudah ditelepon / tidak tersambung*."""

    call_id: int
    reached: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class DataComplete:
    """The agent judges the data complete: the resolution clock begins or goes on."""


@dataclass(frozen=True, slots=True)
class MoveData:
    """Data that came for the wrong ticket: pieces move to another ticket of the same person."""

    piece_ids: tuple[int, ...]
    to_number: str


@dataclass(frozen=True, slots=True)
class Solve:
    """*Selesai*: section C goes out and the user is asked. ``missing`` as in FillForm."""

    solution: str
    explainer: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """*CLOSED*, final. ``reason`` is a key of CLOSE_REASONS; without ``solution`` (and none
    written before) only duplicate, no_data, other_unit and withdrawn are taken."""

    reason: str
    solution: str = ""
    explainer: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Escalate:
    """*ESCALATE* to the next tier that has somebody [002 step 10]."""

    reason: str


@dataclass(frozen=True, slots=True)
class SendBack:
    """A higher tier returns the ticket to helpdesk with guidance [003 step 3]."""

    guidance: str


@dataclass(frozen=True, slots=True)
class PassOn:
    """*Teruskan ke unit lain*: the user is told who and how to reach them; closes."""

    unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Merge:
    """This ticket is a duplicate of another of the same person: it closes into that one."""

    into_number: str


@dataclass(frozen=True, slots=True)
class Reopen:
    """Open a closed ticket again."""

    reason: str


@dataclass(frozen=True, slots=True)
class MarkExempt:
    """No resolution limit applies: development, infrastructure, network, another party [000].
    An empty reason takes the mark away."""

    reason: str


@dataclass(frozen=True, slots=True)
class LkppSent:
    """The packet went to LKPP; their ticket number verbatim (may be empty at first)."""

    number: str = ""


@dataclass(frozen=True, slots=True)
class LkppAnswer:
    """One answer of LKPP, recorded by the Admin LPSE [003 steps 3 to 16]. ``relay`` sends a
    data request on to the user; else the Admin answers it. Nothing of ``words`` reaches a user
    unread: only ``items`` and ``solution`` do, as the Admin worded them."""

    outcome: Literal["guidance", "data_needed", "solved", "still_working"]
    words: str
    relay: bool = False
    items: tuple[tuple[str, ItemKind], ...] = ()
    solution: str = ""
    explainer: str = ""
    missing: bool = False


Action = (
    Take
    | CallUser
    | EndChat
    | Release
    | Assign
    | Classify
    | FillForm
    | ReplyToUser
    | WriteNote
    | Recommend
    | AskData
    | PhoneCall
    | DataComplete
    | MoveData
    | Solve
    | Close
    | Escalate
    | SendBack
    | PassOn
    | Merge
    | Reopen
    | MarkExempt
    | LkppSent
    | LkppAnswer
)
