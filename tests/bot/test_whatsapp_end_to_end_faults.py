"""What goes wrong on the way: each of the platform's refusals, cuts, and news in any order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from handoff.actions import ReplyToUser
from nlu.engines.port import Engine
from tests.bot.whatsapp_office import Case, WhatsAppOffice
from tests.platforms.whatsapp_users import WhatsAppUser

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
RANKS = {"sent": 2, "delivered": 4, "read": 5}


@pytest.fixture
def office(tmp_path: Path, engine: Engine) -> Iterator[WhatsAppOffice]:
    office = WhatsAppOffice(tmp_path / "office", engine)
    yield office
    office.close()


@pytest.mark.parametrize(
    "order", [*list(itertools.permutations(RANKS)), ("read",), ("sent", "read"), ("read", "sent")]
)
def test_statuses_only_rise_in_any_order(office: WhatsAppOffice, order: tuple[str, ...]) -> None:
    office.faults.status_never = 1
    budi = office.budi()
    office.says(budi, "halo")
    highest = 1
    for name in order:
        assert office.status(budi.arrived[0], name) == 200
        highest = max(highest, RANKS[name])
        (row,) = office.outbox()
        assert (row.receipt, row.state) == (highest, "sent")
    assert row.arrived_at is not None


def test_statuses_that_come_before_the_answer_to_the_send_count(office: WhatsAppOffice) -> None:
    office.faults.status_early = office.faults.reads = 1
    budi = office.budi()
    office.says(budi, "halo")
    (row,) = office.outbox()
    assert (row.state, row.receipt) == ("sent", 5)


@pytest.mark.parametrize("code", ["131047", "131000", "131026"])
def test_a_failure_told_before_the_answer_to_the_send_counts(
    office: WhatsAppOffice, code: str
) -> None:
    case = Case.opened(office)
    office.faults.status_early = 1
    office.faults.next(case.user, f"{code} late")
    case.act(ReplyToUser("Paket yang mana?"))
    office.wait(10 * MINUTE)
    kinds = {"131047": ["template"], "131000": ["text"], "131026": []}
    assert [m.kind for m in case.new()] == kinds[code]
    states = {"131047": "held", "131000": "sent", "131026": "failed"}
    assert office.states()[-1] == states[code]


def test_statuses_twice_shuffled_and_bare_do_no_harm(office: WhatsAppOffice) -> None:
    office.faults.status_twice = office.faults.status_shuffled = office.faults.bare_failures = 1
    budi = office.budi()
    office.says(budi, "halo")
    office.faults.next(budi, "131000 late")
    office.says(budi, "cek tiket")
    office.wait(MINUTE)
    assert office.states() == ["sent", "sent"]
    assert len(budi.arrived) == 2


def test_whoever_cannot_be_reached_is_left_alone_until_they_write(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    case.user.block()
    for text in ("satu", "dua"):
        case.act(ReplyToUser(text))
    office.wait(HOUR)
    assert not case.new()
    assert office.states()[-2:] == ["failed", "failed"]
    attempts = [row.attempts for row in office.outbox()[-2:]]
    assert attempts == [1, 0]
    case.user.unblock()
    assert office.says(case.user, "halo, masih di sana?")
    case.act(ReplyToUser("Masih."))
    assert "Masih." in case.new()[-1].text


def test_a_late_word_that_they_cannot_be_reached_counts_alike(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    office.faults.next(case.user, "131026 late")
    case.act(ReplyToUser("satu"))
    case.act(ReplyToUser("dua"))
    office.wait(HOUR)
    assert not case.new()
    assert office.states()[-2:] == ["failed", "failed"]
    assert office.rows("SELECT 1 FROM calls")


def test_only_the_one_user_waits_where_their_pace_is_exceeded(office: WhatsAppOffice) -> None:
    budi, sari = _two(office)
    office.faults.next(budi, "131056")
    budi.say("cek tiket")
    sari.say("cek tiket")
    office.settle()
    assert (len(budi.arrived), len(sari.arrived)) == (1, 2)
    office.wait(10 * SECOND)
    assert len(budi.arrived) == 2


def test_the_account_waits_where_its_pace_is_exceeded(office: WhatsAppOffice) -> None:
    budi, sari = _two(office)
    office.faults.next(budi, "130429")
    budi.say("cek tiket")
    office.settle()
    sari.say("cek tiket")
    office.taken()
    office.run(office._work())
    assert (len(budi.arrived), len(sari.arrived)) == (1, 1)
    office.wait(10 * SECOND)
    assert (len(budi.arrived), len(sari.arrived)) == (2, 2)


def test_a_refused_token_pauses_the_account_and_pages_staff_once(office: WhatsAppOffice) -> None:
    budi, sari = _two(office)
    office.faults.account = 190
    budi.say("cek tiket")
    sari.say("cek tiket")
    office.settle()
    office.wait(HOUR)
    assert (len(budi.arrived), len(sari.arrived)) == (1, 1)
    (alert,) = office.alerts("account_broken")
    assert "token" in alert
    assert office.fake.token not in alert
    office.faults.account = None
    office.wait(2 * MINUTE)
    assert (len(budi.arrived), len(sari.arrived)) == (2, 2)


@pytest.mark.parametrize("fault", ["server_error", "131016", "131000", "131057", "133016", "4"])
def test_what_was_not_taken_is_sent_again(office: WhatsAppOffice, fault: str) -> None:
    budi = office.budi()
    office.faults.next(budi, fault, fault)
    office.says(budi, "halo")
    office.wait(MINUTE)
    office.wait(MINUTE)
    assert (len(budi.arrived), office.states()) == (1, ["sent"])


def test_a_cut_after_delivery_is_settled_by_the_status(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.faults.next(budi, "cut_after")
    office.says(budi, "halo")
    office.wait(2 * MINUTE)
    assert (len(budi.arrived), office.states()) == (1, ["sent"])
    assert len(office.fake.cut) == 1


def test_a_status_within_half_a_minute_spares_the_second_copy(office: WhatsAppOffice) -> None:
    office.faults.status_never = 1
    budi = office.budi()
    office.faults.next(budi, "cut_after")
    office.says(budi, "halo")
    office.wait(20 * SECOND)
    assert office.states() == ["queued"]
    assert office.status(budi.arrived[0], "delivered") == 200
    office.wait(HOUR)
    assert (len(budi.arrived), office.states()) == (1, ["sent"])


@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_a_cut_without_any_status_costs_one_more_copy_at_most(
    office: WhatsAppOffice, fault: str
) -> None:
    office.faults.status_never = 1
    budi = office.budi()
    office.faults.next(budi, fault)
    office.says(budi, "halo")
    (row,) = office.outbox()
    assert row.repeated
    assert row.state == "queued"
    office.wait(20 * SECOND)
    assert len(budi.arrived) == (fault == "cut_after")
    office.wait(MINUTE)
    assert len(budi.arrived) == 1 + (fault == "cut_after")
    (row,) = office.outbox()
    assert row.repeated
    assert row.state == "sent"


def test_two_cuts_leave_it_unknown_and_the_next_goes_out(office: WhatsAppOffice) -> None:
    office.faults.status_never = 1
    budi = office.budi()
    office.faults.next(budi, "cut_after", "cut_after")
    office.says(budi, "halo")
    office.wait(2 * MINUTE)
    assert office.states() == ["unknown"]
    office.says(budi, "cek tiket")
    assert office.states() == ["unknown", "sent"]
    office.status(budi.arrived[1], "delivered")
    assert office.states() == ["sent", "sent"]


def test_what_the_platform_never_takes_is_told_to_nobody_twice(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    office.faults.next(case.user, "131009")
    case.act(ReplyToUser("satu"))
    case.act(ReplyToUser("dua"))
    office.wait(HOUR)
    assert ["dua" in m.text for m in case.new()] == [True]
    assert len(office.rows("SELECT 1 FROM calls WHERE state = 'open'")) == 1


def test_what_waited_survives_a_restart(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    case.act(ReplyToUser("satu"))
    office.restart()
    assert "satu" in office.says(case.user, "halo")


def test_a_template_that_fails_later_goes_to_the_work_list(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    office.faults.next(case.user, "132015 late")
    case.act(ReplyToUser("Paket yang mana?"))
    office.wait(HOUR)
    assert not case.new()
    assert len(office.alerts("template_refused")) == 1
    (call,) = office.rows("SELECT * FROM calls WHERE state = 'open'")
    assert "Paket yang mana?" in call.words
    office.says(case.user, "halo")
    assert not any("Paket yang mana?" in m.text for m in case.new())  # they were phoned about it


def test_a_template_lost_on_the_way_goes_again(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    office.faults.next(case.user, "131000 late")
    case.act(ReplyToUser("Paket yang mana?"))
    office.wait(HOUR)
    assert [m.kind for m in case.new()] == ["template"]
    assert "Paket yang mana?" in office.taps(case.user, "Baca")


def test_a_template_cut_off_counts_as_sent_once_its_status_comes(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    office.faults.next(case.user, "cut_after")
    case.act(ReplyToUser("Paket yang mana?"))
    office.wait(HOUR)
    assert [m.kind for m in case.new()] == ["template"]
    assert "Paket yang mana?" in office.taps(case.user, "Baca")


def test_a_user_out_of_reach_gets_no_template_either(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    case.user.block()
    case.act(ReplyToUser("satu"))
    case.act(ReplyToUser("dua"))
    office.wait(HOUR)
    assert [row.attempts for row in office.outbox()[-2:]] == [1, 0]
    assert office.rows("SELECT 1 FROM calls WHERE state = 'open'")


def _two(office: WhatsAppOffice) -> tuple[WhatsAppUser, WhatsAppUser]:
    budi, sari = office.budi(), office.fake.user("6281111111111", "ID.2", name="Sari")
    for user in (budi, sari):
        office.says(user, "halo")
    return budi, sari
