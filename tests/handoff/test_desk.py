"""Each command of a flow, carried out in a transaction."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import Connection

from dialogs import commands as c
from dialogs.answers import Answers
from dialogs.reply import Reply
from dialogs.texts import Texts
from handoff import desk as handoff
from handoff import history, links, numbers
from handoff.clock.calendar import OfficeCalendar
from handoff.counter import Counter, Moment
from handoff.lkpp import ManualLkpp
from storage.repositories import agents, conversations, messages
from tests.handoff.conftest import KEY, Desk
from tests.rig import MONDAY, SUNDAY, office_config

ANSWERS = {"nama": "Budi Santoso", "instansi": "CV Maju", "telepon": "+628123456789"}
TICKET = c.OpenTicket("permasalahan", "gagal upload penawaran", ANSWERS, user_type="penyedia")


@pytest.fixture(scope="module")
def counter() -> Counter:
    config = office_config()
    return Counter(
        office=config.office,
        policy=config.policy,
        texts=Texts(),
        answers=Answers.load(),
        calendar=OfficeCalendar(config.hours, config.identity.zone),
        series=config.series,
        key=KEY,
        lkpp=ManualLkpp(),
    )


class Office:
    """Carries commands out for users, as their turns do."""

    def __init__(self, desk: Desk, counter: Counter) -> None:
        self.desk = desk
        self.counter = counter

    def do(
        self, *commands: c.Command, user: str = "budi", channel: str = "web", at: datetime = MONDAY
    ) -> list[Reply]:
        conversation_id, _ = self.desk.chat(user, channel)

        def write(connection: Connection) -> list[Reply]:
            case = conversations.load_locked(connection, conversation_id)
            moment = Moment(connection, case, at, step=3)
            return list(handoff.carry_out(self.counter, moment, commands))

        replies: list[Reply] = self.desk.do(write)
        return replies

    def one(self, command: c.Command, **who: Any) -> Reply:
        (reply,) = self.do(command, **who)
        return reply

    def rows(self, query: str) -> list[Any]:
        return self.desk.rows(query)

    def link(self, user: str, channel: str) -> str:
        """A one-time link, made inside a user's chat."""
        conversation_id, contact_id = self.desk.chat(user, channel)
        link_id = self.desk.do(
            lambda db: links.make(
                db,
                purpose="join",
                contact_id=contact_id,
                conversation_id=conversation_id,
                now=MONDAY,
            )
        )
        return links.token(KEY, "join", link_id)


@pytest.fixture
def office(desk: Desk, counter: Counter) -> Office:
    return Office(desk, counter)


def test_every_command_is_carried_out() -> None:
    assert set(handoff._DEEDS) == set(get_args(c.Command))


def test_a_ticket_has_number_row_history_and_promise(office: Office) -> None:
    reply = office.one(TICKET)
    (row,) = office.rows("SELECT * FROM tickets")
    assert row.number in reply.text
    assert numbers.is_well_formed(row.number)
    assert (row.kind, row.state, row.priority, row.decides) == (
        "permasalahan",
        "baru",
        "menengah",
        "lpse",
    )
    assert json.loads(row.answers) == ANSWERS
    assert reply.row_class == "notice"
    assert office.counter.office.promises.response in reply.text
    assert office.counter.office.promises.target in reply.text
    assert office.desk.database.read(lambda db: history.verify(db, KEY, row.id)) is None
    assert office.rows("SELECT text FROM history_texts")[0].text == TICKET.problem


def test_a_ticket_less_than_a_day_before_its_deadline_goes_to_the_top(office: Office) -> None:
    reply = office.one(c.OpenTicket("permasalahan", "gagal upload", deadline="under_24h"))
    assert office.rows("SELECT priority FROM tickets")[0].priority == "tinggi"
    assert "Pokja" in reply.text


@pytest.mark.parametrize("topic", ["error_agregasi", "faq_error_agregasi"])
def test_no_target_is_promised_where_another_party_decides(office: Office, topic: str) -> None:
    reply = office.one(c.OpenTicket("permasalahan", "error agregasi", topic=topic))
    promises = office.counter.office.promises
    assert office.rows("SELECT decides FROM tickets")[0].decides == "lkpp"
    assert promises.target not in reply.text
    assert promises.other_party in reply.text


def test_an_unknown_topic_is_the_office_s_own(office: Office) -> None:
    office.one(c.OpenTicket("permasalahan", "x", topic="never_heard_of"))
    assert office.rows("SELECT decides FROM tickets")[0].decides == "lpse"


def test_on_the_web_a_ticket_comes_with_a_private_link(office: Office) -> None:
    assert office.one(TICKET).link == "resume"
    assert "{link}" in office.one(TICKET).text
    elsewhere = office.one(TICKET, user="sari", channel="telegram")
    assert elsewhere.link is None
    assert "{link}" not in elsewhere.text


def test_out_of_hours_a_ticket_says_when_the_office_opens(office: Office) -> None:
    assert "tutup" in office.one(TICKET, at=SUNDAY).text
    assert "Senin, 23 November 2026 pukul 08.00 WIB" in office.one(TICKET, at=SUNDAY).text
    assert "tutup" not in office.one(TICKET, at=MONDAY).text


def test_the_identity_of_a_form_is_remembered_but_not_of_feedback(office: Office) -> None:
    office.one(c.OpenTicket("masukan", "bagus", {"nama": "Anonim"}))
    assert office.rows("SELECT identity FROM contacts")[0].identity is None
    office.one(TICKET)
    kept = json.loads(office.rows("SELECT identity FROM contacts")[0].identity)
    assert kept == {**ANSWERS, "user_type": "penyedia"}


def test_files_become_supporting_data_of_their_ticket_only(office: Office) -> None:
    conversation_id, _ = office.desk.chat("budi")

    def write(db: Connection) -> list[int]:
        message_id = messages.add(
            db, conversation_id=conversation_id, seq=1, author="user", text="", now=MONDAY
        )
        return [
            messages.add_file(
                db,
                conversation_id=conversation_id,
                message_id=message_id,
                kind="image",
                name=f"{n}.png",
                mime="image/png",
                size=9,
                ref=None,
                blob="b",
                sha256="b",
                now=MONDAY,
            )
            for n in range(3)
        ]

    ids = office.desk.do(write)
    office.one(c.OpenTicket("permasalahan", "x", attachment_ids=(ids[0], ids[1])))
    office.one(c.OpenTicket("permasalahan", "y", attachment_ids=(ids[1],)))
    rows = office.rows("SELECT ticket_id FROM attachments ORDER BY id")
    assert [row.ticket_id for row in rows] == [1, 1, None]


def test_a_call_for_a_person_has_a_number_and_a_second_one_has_the_same(office: Office) -> None:
    office.desk.do(
        lambda connection: agents.add(
            connection,
            login="rina",
            name="Rina",
            roles="helpdesk",
            on_duty=True,
            active=True,
            created_at=MONDAY,
        )
    )
    _, first = office.do(c.CallHuman("mau bicara"))
    again = office.one(c.CallHuman("halo?"))
    (row,) = office.rows("SELECT * FROM human_requests")
    assert row.number.startswith("ANT-2611-00001-")
    assert row.number in first.text
    assert row.number in again.text
    assert first.text != again.text


def test_a_person_is_never_promised_at_once(office: Office) -> None:
    for moment in (MONDAY, SUNDAY):
        text = office.do(c.CallHuman(), user=str(moment), at=moment)[-1].text.lower()
        assert "sedang dihubungkan" not in text
        assert "jam layanan" in text


def test_a_personal_data_request_is_due_in_three_days_and_deletes_nothing(office: Office) -> None:
    office.one(TICKET)
    reply = office.one(c.OpenPersonalDataRequest("hapus data saya"))
    (row,) = office.rows("SELECT number, due_at - created_at AS span FROM personal_data_requests")
    assert row.number in reply.text
    assert timedelta(microseconds=row.span) == timedelta(hours=72)
    assert "belum ada data yang dihapus" in reply.text
    assert office.rows("SELECT identity FROM contacts")[0].identity is not None


def test_a_note_goes_into_the_history_of_one_s_own_ticket(office: Office) -> None:
    office.one(TICKET)
    (ticket,) = office.rows("SELECT id, number FROM tickets")
    reply = office.one(c.NoteOnTicket(ticket.number, "addition", "kodenya 10023456"))
    assert ticket.number in reply.text
    bodies = [json.loads(row.body) for row in office.rows("SELECT body FROM history")]
    assert [body["kind"] for body in bodies] == ["opened", "user_addition"]
    assert office.desk.database.read(lambda db: history.verify(db, KEY, ticket.id)) is None


def test_somebody_else_s_number_and_an_unknown_one_get_the_same_answer(office: Office) -> None:
    office.one(TICKET)
    number = office.rows("SELECT number FROM tickets")[0].number
    foreign = office.one(c.NoteOnTicket(number, "addition", "x"), user="sari")
    unknown = office.one(c.NoteOnTicket("LPSE-2611-99999-X", "addition", "x"), user="sari")
    assert foreign.text.replace(number, "N") == unknown.text.replace("LPSE-2611-99999-X", "N")
    assert len(office.rows("SELECT * FROM history")) == 1


def test_a_miss_is_kept_once_a_question(office: Office) -> None:
    assert office.do(c.RecordMiss("asdf", None, 0.0), c.RecordMiss("qwer", "greet", 0.2)) == []
    (row,) = office.rows("SELECT text, best_intent FROM misses")
    assert tuple(row) == ("qwer", "greet")


def test_a_consultation_names_no_person(office: Office) -> None:
    assert office.do(c.RecordConsultation("upload_gagal", "abcd1234")) == []
    (row,) = office.rows("SELECT * FROM consultations")
    assert set(row._fields) == {"id", "topic", "version", "at"}


def test_a_proven_phone_is_its_owner_s_and_joins_their_chats(office: Office) -> None:
    assert office.do(c.ProvePhone("+628123"), user="budi", channel="telegram") == []
    office.one(TICKET, user="budi", channel="telegram")
    office.do(c.ProvePhone("+628123"), user="62812", channel="whatsapp")
    contacts = {row.contact_id for row in office.rows("SELECT contact_id FROM conversations")}
    assert len(contacts) == 1
    assert len(office.rows("SELECT * FROM identities")) == 1


def test_proving_the_same_phone_twice_changes_nothing(office: Office) -> None:
    office.do(c.ProvePhone("+628123"), c.ProvePhone("+628123"))
    assert len(office.rows("SELECT * FROM identities")) == 1


def test_what_follows_in_the_turn_that_joins_belongs_to_the_joined_person(office: Office) -> None:
    office.do(c.ProvePhone("+628123"), user="budi", channel="telegram")
    office.do(c.ProvePhone("+628123"), TICKET, user="budi", channel="web")
    owners = office.rows(
        "SELECT t.contact_id AS ticket, v.contact_id AS chat FROM tickets t"
        " JOIN conversations v ON v.id = t.conversation_id"
    )
    assert [row.ticket for row in owners] == [row.chat for row in owners]


def test_a_joining_link_makes_both_chats_one_person_s_once(office: Office) -> None:
    office.one(TICKET, user="budi", channel="telegram")
    token = office.link("budi", "telegram")
    joined = office.one(c.RedeemLink(token), user="web1")
    refused = office.one(c.RedeemLink(token), user="web2")
    assert joined.text != refused.text
    contacts = [row.contact_id for row in office.rows("SELECT contact_id FROM conversations")]
    assert contacts[0] == contacts[1] != contacts[2]


def test_a_joining_link_used_in_its_own_chat_is_refused_and_stays_good(office: Office) -> None:
    token = office.link("budi", "telegram")
    refused = office.one(c.RedeemLink(token), user="budi", channel="telegram")
    assert refused.row_class == "talk"
    assert office.one(c.RedeemLink(token), user="web1").row_class == "notice"


def test_a_joining_link_after_a_quarter_of_an_hour_is_refused(office: Office) -> None:
    token = office.link("budi", "telegram")
    late = MONDAY + timedelta(minutes=15)
    assert office.one(c.RedeemLink(token), user="web1", at=late).row_class == "talk"
    contacts = {row.contact_id for row in office.rows("SELECT contact_id FROM conversations")}
    assert len(contacts) == 2


def test_revoking_says_so(office: Office) -> None:
    token = office.link("budi", "telegram")
    office.one(c.RevokeLinks(), user="budi", channel="telegram")
    assert office.one(c.RedeemLink(token), user="web1").row_class == "talk"
