"""A ticket under the hands of somebody: read once, changed by few verbs, all in one transaction."""

from __future__ import annotations

import json
from functools import cached_property

from sqlalchemy import Connection

from dialogs import masking
from dialogs.facts import Expects
from dialogs.office import Office
from dialogs.reply import Reply
from handoff import history
from handoff.counter import Counter, Moment, Purpose, Say
from handoff.history import Entry
from handoff.refusal import Refused
from handoff.standing import OPEN_STATES, PRIORITIES, Standing, Worker
from storage.base import AnyRow
from storage.repositories import agents, queue, tickets

SYSTEM = "system"  # how history names the clock


class Job:
    """``worker`` None: the user or the clock does it, and ``actor`` names them.

    ``ticket`` is the row as it stands now: ``update`` reads it anew.
    """

    def __init__(
        self,
        counter: Counter,
        moment: Moment,
        worker: Worker | None,
        ticket_id: int,
        origin: str = "console",
        actor: str = SYSTEM,
    ) -> None:
        self.counter = counter
        self.moment = moment
        self.worker = worker
        self.origin = origin
        self.actor = worker.actor if worker is not None else actor
        self.ticket: AnyRow = tickets.get(moment.connection, ticket_id)
        moment.touched.add(ticket_id)

    @property
    def connection(self) -> Connection:
        return self.moment.connection

    @property
    def agent(self) -> Worker:
        """Who acts, where only an agent can."""
        assert self.worker is not None
        return self.worker

    @cached_property
    def answers(self) -> dict[str, str]:
        """Section A as it stood when the job began."""
        return dict(json.loads(self.ticket.answers))

    def standing(self) -> Standing:
        """What the table of rights looks at."""
        live = queue.live_of_ticket(self.connection, self.ticket.id)
        return Standing(
            state=self.ticket.state,
            tier=self.ticket.tier,
            holder=self.ticket.agent_id,
            kind=self.ticket.kind,
            live_with=live.agent_id if live else None,
            closed_at=self.ticket.closed_at,
            merged=self.ticket.merged_into is not None,
            works=self.counter.policy.tier(self.ticket.tier).role,
        )

    def update(self, **values: object) -> None:
        """Write columns of the ticket; ``open`` and ``urgent`` follow state and priority."""
        if "state" in values:
            values["open"] = values["state"] in OPEN_STATES
        if "priority" in values:
            values["urgent"] = PRIORITIES.index(str(values["priority"]))
        tickets.change(self.connection, self.ticket.id, **values)
        self.ticket = tickets.get(self.connection, self.ticket.id)

    def write(self, kind: str, text: str = "") -> None:
        """An entry of the ticket's history."""
        history.append(
            self.connection,
            self.counter.key,
            self.ticket.id,
            self.moment.now,
            Entry(kind, self.actor, text),
        )

    def tell(
        self,
        reply: Reply,
        *,
        expects: Expects | None = None,
        data_request: int | None = None,
        must_arrive: bool = False,
        purpose: Purpose | None = None,
    ) -> None:
        """A message to the user on the channel the ticket came from. ``expects``: what their
        next words are for ("" ends an expectation, None leaves it)."""
        self.moment.say(
            Say(
                self.ticket.conversation_id,
                reply,
                ticket_id=self.ticket.id,
                agent_id=self.worker.id if self.worker and reply.row_class == "person" else None,
                data_request=data_request,
                must_arrive=must_arrive,
                purpose=purpose or ("data_request" if data_request is not None else None),
                origin=self.origin if reply.row_class == "person" else None,
            )
        )
        if expects is not None:
            self.update(expects=expects, expects_at=self.moment.now if expects else None)

    def answer(self, reply: Reply) -> None:
        """Tell whoever acts now, in the chat where they act: a user may answer on another
        channel than the one the ticket came from."""
        self.moment.say(Say(self.moment.case.id, reply, ticket_id=self.ticket.id))

    def notice(self, name: str, **values: object) -> Reply:
        """A notice whose text names its ticket."""
        text = self.counter.text(name, number=self.ticket.number, ticket=self.ticket, **values)
        return Reply(text, row_class="notice")

    def alert(
        self, kind: str, text: str, *, agent_id: int | None = None, role: str | None = None
    ) -> None:
        """Tell an agent, a role or everyone on duty about this ticket."""
        agents.add_alert(
            self.connection,
            kind=kind,
            subject=f"ticket:{self.ticket.id}",
            text=text,
            now=self.moment.now,
            agent_id=agent_id,
            role=role,
        )

    def alert_holder(self, kind: str, text: str) -> None:
        """Tell whoever holds the ticket, else the role of its tier."""
        role = self.counter.policy.tier(self.ticket.tier).role
        holder = self.ticket.agent_id
        self.alert(kind, text, agent_id=holder, role=None if holder else role)

    def alert_beside(self, kind: str, text: str) -> None:
        """Tell the Kepala Unit, if there is one, of what is unsolved or overdue: beside the line,
        never a gate [004]."""
        if agents.has_role(self.connection, BESIDE):
            self.alert(kind, text, role=BESIDE)

    def missing(self) -> list[str]:
        """Labels of section A's required fields that nobody filled or marked."""
        return unfilled(self.counter.office, self.ticket)

    def require_whole(self, *, mark_missing: bool) -> None:
        """Section A is filled, or its holes are marked "tidak diberikan" [001]. Raises Refused."""
        holes = self.missing()
        if holes and not mark_missing:
            raise Refused(
                f"Formulir belum lengkap: {', '.join(holes)}. Isi dulu, atau tandai "
                "“tidak diberikan”."
            )
        if holes:
            given = json.loads(self.ticket.answers)
            for field in self.counter.office.form.fields:
                if field.label in holes:
                    given[field.key] = NOT_GIVEN
            self.update(answers=json.dumps(given, ensure_ascii=False))
            self.write("form_marked", ", ".join(holes))

    def first_answer(self) -> None:
        """A person answered: the response clock stops [000], the user's line has its answer."""
        values: dict[str, object] = {"waiting_since": None}
        if self.ticket.answered_at is None:
            values["answered_at"] = self.moment.now
        self.update(**values)


NOT_GIVEN = "tidak diberikan"
BESIDE = "kepala_unit"


def unfilled(office: Office, ticket: AnyRow) -> list[str]:
    """Labels of the required fields that a ticket's section A lacks."""
    given = json.loads(ticket.answers)
    return [
        f.label
        for f in office.form.fields
        if f.required
        and not given.get(f.key)
        and (not f.only_for or ticket.user_type in f.only_for)
    ]


def safe(text: str) -> str:
    """An agent's words without secrets: they are masked like everybody's (design 6.11)."""
    return masking.mask(text.strip()).text


def at_work(job: Job) -> str:
    """The state of a ticket that somebody works on: at a tier above the first it is still an
    escalated one, so that it can be sent back from there."""
    first = job.counter.policy.tiers[0].key
    raised = job.ticket.escalated_at is not None and job.ticket.tier != first
    return "dieskalasi" if raised else "diproses"


def hold(job: Job) -> None:
    """Whoever acts on a ticket that nobody holds becomes its holder; a new one is in work."""
    values: dict[str, object] = {}
    if job.ticket.agent_id is None:
        values["agent_id"] = job.agent.id
    if job.ticket.taken_at is None:
        values["taken_at"] = job.moment.now
    if job.ticket.state in ("baru", "dibuka_kembali"):
        values["state"] = at_work(job)
    if values:
        job.update(**values)
    if "agent_id" in values:
        job.write("taken", job.agent.name)
        agents.see_alerts(
            job.connection, job.agent.id, job.moment.now, subject=f"ticket:{job.ticket.id}"
        )
