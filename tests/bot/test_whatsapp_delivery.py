"""The 24-hour window, templates, and what WhatsApp says later about messages."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.port import (
    AccountBroken,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Refused,
    Unreachable,
    WindowClosed,
)
from bot.receipts import Receipts
from dialogs.offers import READ
from handoff import actions as a
from nlu.engines.port import Engine
from tests.bot.whatsapp_rig import ACCOUNT, BUDI, WhatsAppRig, made
from tests.handoff.tickets import opened

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
FORM = ("/lapor", "Budi Santoso", "CV Maju", "Jl. Merdeka No. 5, Batam")


@pytest.fixture
def make(tmp_path: Path, engine: Engine) -> Iterator[Callable[..., WhatsAppRig]]:
    yield from made(tmp_path, engine)


@pytest.fixture
def office(make: Callable[..., WhatsAppRig]) -> WhatsAppRig:
    """Budi has a ticket, Rina is at the desk and holds it."""
    office = make()
    open_ticket(office)
    office.hire("rina", "helpdesk")
    office.act("rina", a.Take())
    office.settle()
    return office


def open_ticket(office: WhatsAppRig) -> None:
    office.writes("halo")
    opened(office, BUDI, "whatsapp")
    office.settle()


def test_the_number_the_platform_vouches_for_is_offered_in_the_form(
    make: Callable[..., WhatsAppRig],
) -> None:
    office = make()
    for text in FORM:
        office.writes(text)
    assert "0812-3456-7890" in office.last().text


def test_inside_the_window_an_agents_words_go_out_as_they_are(office: WhatsAppRig) -> None:
    office.act("rina", a.ReplyToUser("Coba pakai Chrome ya."))
    office.settle()
    assert "Coba pakai Chrome ya." in office.last().text
    assert office.last().kind == "message"


def test_outside_the_window_a_template_calls_and_the_words_wait(office: WhatsAppRig) -> None:
    office.wait(DAY + HOUR)
    sent = len(office.whatsapp.sent)
    for words in ("Sudah kami cek.", "Silakan coba lagi.", "Kabari kami ya."):
        office.act("rina", a.ReplyToUser(words))
        office.settle()
    went = office.whatsapp.sent[sent:]
    assert [out.kind for out in went] == ["template"]
    assert went[0].template is not None
    assert went[0].template.name == "loket_balasan_siap"
    assert went[0].template.button == f"0:{READ}"
    assert office.fates()[-3:] == ["held"] * 3


def test_any_message_releases_what_waits_in_order_and_before_its_answer(
    office: WhatsAppRig,
) -> None:
    office.wait(DAY + HOUR)
    for words in ("satu", "dua", "tiga"):
        office.act("rina", a.ReplyToUser(words))
        office.settle()
    texts = office.writes("cek tiket")
    places = [next(n for n, t in enumerate(texts) if w in t) for w in ("satu", "dua", "tiga")]
    assert places == [0, 1, 2]
    assert len(texts) == 4
    assert "held" not in office.fates()


def test_the_button_of_a_template_brings_what_waits_and_nothing_else(office: WhatsAppRig) -> None:
    office.wait(DAY + HOUR)
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    texts = office.taps(READ)
    assert len(texts) == 1
    assert "Sudah kami cek." in texts[0]
    again = office.taps(READ)
    assert len(again) == 1
    assert "Sudah kami cek." not in again[0]


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (a.AskData((("Scan NIB", "file"),)), "loket_permintaan_data"),
        (a.Solve("Pakai Chrome versi terbaru.", "Rina"), "loket_tiket_selesai"),
    ],
)
def test_a_notice_goes_by_the_template_for_its_purpose(
    office: WhatsAppRig, action: a.Action, name: str
) -> None:
    office.wait(DAY + HOUR)
    office.act("rina", action)
    office.settle()
    assert office.last().template is not None
    assert office.last().template.name == name
    assert office.last().template.body == (office.ticket().number,)


def test_a_closed_ticket_calls_once_though_it_is_rated_too(office: WhatsAppRig) -> None:
    office.act("rina", a.Solve("Pakai Chrome.", "Rina"))
    office.settle()
    office.report(office.last(), "delivered")
    sent = len(office.whatsapp.sent)
    office.wait(timedelta(hours=73))  # silence closes it
    went = office.whatsapp.sent[sent:]
    assert office.ticket().state == "ditutup"
    assert [o.template.name for o in went if o.template] == ["loket_tiket_selesai"]
    assert [o.kind for o in went] == ["template"]
    assert len(office.taps(READ)) == 2


def test_without_a_template_somebody_phones(make: Callable[..., WhatsAppRig]) -> None:
    office = make(change=lambda raw: raw["whatsapp"].update(templates={}))
    open_ticket(office)
    office.hire("rina", "helpdesk")
    office.act("rina", a.Take())
    office.wait(DAY + HOUR)
    office.act("rina", a.Solve("Pakai Chrome.", "Rina"))
    office.settle()
    office.wait(timedelta(seconds=10))
    assert office.last().kind == "message"
    calls = office.rows("SELECT kind, words FROM calls WHERE state = 'open'")
    assert [kind for kind, _ in calls] == ["notice"]
    assert "Pakai Chrome." in calls[0][1]


def test_a_user_who_writes_while_the_template_is_under_way_gets_the_words_at_once(
    office: WhatsAppRig,
) -> None:
    office.wait(DAY + HOUR)
    plain = office.whatsapp.send

    async def send_while_budi_writes(out):  # type: ignore[no-untyped-def]
        office.whatsapp.send = plain  # type: ignore[method-assign]
        event = office.event(BUDI, "whatsapp", text="halo min", number=None)
        await office.loket.intake.handle(event, b"raw")
        return await plain(out)

    office.whatsapp.send = send_while_budi_writes  # type: ignore[method-assign]
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    office.settle()
    kinds = [out.kind for out in office.whatsapp.sent[-3:]]
    assert kinds[0] == "template"
    assert "Sudah kami cek." in office.whatsapp.sent[-2].text
    assert "held" not in office.fates()


def test_a_reaction_opens_no_window_and_gets_no_answer(office: WhatsAppRig) -> None:
    office.wait(DAY + HOUR)
    assert office.writes("", aside="(reaksi 👍)") == []
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    assert office.last().kind == "template"
    said = [row[0] for row in office.rows("SELECT text FROM messages ORDER BY id")]
    assert "(reaksi 👍)" in said


# --- what comes later


@pytest.mark.parametrize(
    "order", list(itertools.permutations(("sent", "delivered", "read", "failed")))
)
def test_news_only_rises_in_whatever_order_it_comes(
    office: WhatsAppRig, order: tuple[str, ...]
) -> None:
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    out, sent = office.last(), len(office.whatsapp.sent)
    for state in order:
        office.report(out, state, error=Refused("131000") if state == "failed" else None)
    office.settle()
    assert office.fates()[-1] == "sent"
    assert office.fates("receipt")[-1] == 5
    assert len(office.whatsapp.sent) == sent


def test_news_before_the_sends_own_outcome_settles_it(office: WhatsAppRig) -> None:
    plain = office.whatsapp.send

    async def cut_off(out):  # type: ignore[no-untyped-def]
        office.whatsapp.send = plain  # type: ignore[method-assign]
        await plain(out)
        await _take(office, out, "delivered")
        raise OutcomeUnknown("cut")

    office.whatsapp.send = cut_off  # type: ignore[method-assign]
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    sent = len(office.whatsapp.sent)
    office.wait(timedelta(minutes=5))
    assert len(office.whatsapp.sent) == sent
    assert office.fates()[-1] == "sent"
    assert office.fates("repeated")[-1] in (0, False)


async def _take(office: WhatsAppRig, out, state: str) -> None:  # type: ignore[no-untyped-def]
    loket = office.loket
    takes = Receipts(loket.database, office.clock, loket.bells, loket.metrics.delivery)
    news = Receipt(ACCOUNT, f"w:{state}", out.ref, "w", state, office.clock.now())  # type: ignore[arg-type]
    await takes.take((news,))


def test_a_cut_is_settled_by_a_receipt_within_half_a_minute(office: WhatsAppRig) -> None:
    office.whatsapp.faults = [OutcomeUnknown("cut")]
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    (row,) = office.rows("SELECT id, attempts FROM outbox WHERE repeated")
    sent = len(office.whatsapp.sent)
    office.report(Outgoing("message", office.key(BUDI), ref=f"{row.id}.{row.attempts}"), "sent")
    office.wait(timedelta(minutes=2))
    assert len(office.whatsapp.sent) == sent
    assert office.fates()[-1] == "sent"


def test_without_a_receipt_it_goes_exactly_once_more(office: WhatsAppRig) -> None:
    office.whatsapp.faults = [OutcomeUnknown("cut")]
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    sent = len(office.whatsapp.sent)
    office.wait(timedelta(seconds=20))
    assert len(office.whatsapp.sent) == sent
    office.wait(timedelta(seconds=20))
    assert len(office.whatsapp.sent) == sent + 1
    office.wait(timedelta(minutes=5))
    assert len(office.whatsapp.sent) == sent + 1


def test_a_window_refused_later_calls_by_template(office: WhatsAppRig) -> None:
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    out = office.last()
    office.report(out, "failed", error=WindowClosed("131047"))
    office.report(out, "failed", error=WindowClosed("131047"))
    office.settle()
    assert office.last().kind == "template"
    assert office.fates()[-1] == "held"
    assert [t for t in office.writes("halo") if "Sudah kami cek." in t]


def test_a_window_refused_at_once_calls_by_template(office: WhatsAppRig) -> None:
    office.whatsapp.faults = [WindowClosed("131047")]
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    assert office.last().kind == "template"
    assert office.fates()[-1] == "held"


def test_a_message_that_failed_on_the_way_is_sent_again_a_few_times(office: WhatsAppRig) -> None:
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    sent = len(office.whatsapp.sent)
    for _ in range(10):
        office.report(office.last(), "failed", error=NotSent("131000"))
        office.wait(timedelta(minutes=10))
    assert 2 <= len(office.whatsapp.sent) - sent <= 5
    assert office.fates()[-1] == "failed"


def test_news_of_an_earlier_attempt_changes_nothing(office: WhatsAppRig) -> None:
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    first = office.last()
    office.report(first, "failed", error=NotSent("131000"))
    office.wait(timedelta(minutes=10))
    assert office.last().ref != first.ref
    office.report(first, "failed", error=NotSent("131000"), wamid="wamid.other")
    office.wait(timedelta(minutes=10))
    assert office.fates()[-1] == "sent"


def test_a_dead_recipient_gets_nothing_until_they_write_again(office: WhatsAppRig) -> None:
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    office.report(office.last(), "failed", error=Unreachable("131026"))
    sent = len(office.whatsapp.sent)
    office.act("rina", a.ReplyToUser("Halo?"))
    office.settle()
    assert len(office.whatsapp.sent) == sent
    assert office.fates()[-2:] == ["failed", "failed"]
    assert office.writes("halo")


def test_an_account_that_is_refused_pages_staff_once_and_goes_on_by_itself(
    office: WhatsAppRig,
) -> None:
    office.whatsapp.faults = [AccountBroken("190"), AccountBroken("190")]
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    office.wait(timedelta(seconds=61))
    alerts = office.rows("SELECT role, text FROM alerts WHERE kind = 'account_broken'")
    assert [role for role, _ in alerts] == ["admin"]
    office.wait(timedelta(seconds=61))
    assert "Sudah kami cek." in office.last().text


def test_a_refused_template_pages_staff_and_the_user_is_phoned(office: WhatsAppRig) -> None:
    office.wait(DAY + HOUR)
    office.whatsapp.faults = [Refused("132001")]
    office.act("rina", a.Solve("Pakai Chrome.", "Rina"))
    office.settle()
    office.wait(timedelta(seconds=10))
    assert office.rows("SELECT 1 FROM alerts WHERE kind = 'template_refused'")
    assert office.rows("SELECT 1 FROM calls WHERE state = 'open'")


def test_a_data_request_runs_from_its_delivery(office: WhatsAppRig) -> None:
    office.act("rina", a.AskData((("Scan NIB", "file"),)))
    office.settle()
    out = office.last()
    office.wait(timedelta(seconds=30))
    assert office.rows("SELECT started_at FROM data_requests") == [(None,)]
    office.report(out, "delivered")
    office.wait(timedelta(seconds=30))
    assert office.rows("SELECT started_at FROM data_requests") != [(None,)]


def test_who_owes_data_is_reminded_once_before_the_window_closes(office: WhatsAppRig) -> None:
    office.act("rina", a.AskData((("Scan NIB", "file"),)))
    office.settle()
    sent = len(office.whatsapp.sent)
    office.wait(timedelta(hours=20))
    assert len(office.whatsapp.sent) == sent
    office.wait(timedelta(hours=1, minutes=30))
    office.wait(timedelta(minutes=30))
    went = office.whatsapp.sent[sent:]
    assert len(went) == 1
    assert "Scan NIB" in went[0].text
    assert went[0].kind == "message"


def test_a_solution_that_never_arrives_leads_to_a_call(office: WhatsAppRig) -> None:
    office.act("rina", a.Solve("Pakai Chrome.", "Rina"))
    office.settle()
    out = office.last()
    office.wait(DAY + HOUR)
    assert office.rows("SELECT kind FROM calls WHERE state = 'open'")
    office.report(out, "delivered")  # the phone was off for a day
    office.wait(timedelta(seconds=30))
    assert not office.rows("SELECT kind FROM calls WHERE state = 'open'")


def test_what_waited_for_a_call_that_failed_later_calls_by_itself(office: WhatsAppRig) -> None:
    office.wait(DAY + HOUR)
    for words in ("satu", "dua"):
        office.act("rina", a.ReplyToUser(words))
        office.settle()
    call, sent = office.last(), len(office.whatsapp.sent)
    office.report(call, "failed", error=Refused("132015"))
    office.settle()
    assert [out.kind for out in office.whatsapp.sent[sent:]] == ["template"]
    office.wait(timedelta(seconds=10))
    assert office.rows("SELECT 1 FROM calls WHERE state = 'open'")


def test_an_agent_is_told_at_once_that_the_words_wait(office: WhatsAppRig) -> None:
    assert office.act("rina", a.ReplyToUser("satu")) == "Terkirim."
    office.wait(DAY + HOUR)
    assert "Menunggu pengguna membuka" in office.act("rina", a.ReplyToUser("dua"))


def test_what_stands_behind_a_cut_goes_on_with_its_receipt(office: WhatsAppRig) -> None:
    office.whatsapp.faults = [OutcomeUnknown("cut")]
    for words in ("satu", "dua"):
        office.act("rina", a.ReplyToUser(words))
    office.settle()
    (row,) = office.rows("SELECT id, attempts FROM outbox WHERE repeated")
    office.report(Outgoing("message", office.key(BUDI), ref=f"{row.id}.{row.attempts}"), "sent")
    office.settle()
    assert "dua" in office.last().text
    assert office.fates()[-2:] == ["sent", "sent"]


def test_late_news_undoes_nothing_that_the_user_did_since(office: WhatsAppRig) -> None:
    office.act("rina", a.ReplyToUser("satu"))
    office.settle()
    out, failed_at = office.last(), office.clock.now()
    office.writes("halo min")
    office.report(out, "failed", error=Unreachable("131026"), at=failed_at)
    assert office.writes("cek tiket")
    office.report(out, "failed", error=WindowClosed("131047"), at=failed_at, wamid="wamid.again")
    office.act("rina", a.ReplyToUser("dua"))
    office.settle()
    assert office.last().kind == "message"
    assert "dua" in office.last().text


def test_news_of_another_database_under_the_same_number_is_not_ours(office: WhatsAppRig) -> None:
    office.act("rina", a.ReplyToUser("satu"))
    office.settle()
    out = office.last()
    office.report(out, "read", wamid="wamid.before-the-backup")
    office.report(out, "failed", error=Unreachable("131026"), wamid="wamid.before-the-backup")
    assert office.fates("receipt")[-1] == 1
    future = Outgoing("message", office.key(BUDI), ref=f"{out.ref.partition('.')[0]}.9")
    office.report(future, "read", wamid="wamid.other")
    assert office.fates("receipt")[-1] == 1
    assert office.writes("halo")


def test_a_tap_while_a_cut_template_waits_for_its_news_brings_the_words(
    office: WhatsAppRig,
) -> None:
    office.wait(DAY + HOUR)
    office.whatsapp.faults = [OutcomeUnknown("cut")]
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    (row,) = office.rows("SELECT id, attempts FROM outbox WHERE repeated")
    call = Outgoing("template", office.key(BUDI), ref=f"{row.id}.{row.attempts}t")
    office.take(office.event(BUDI, "whatsapp", text="halo", number=None))
    office.report(call, "delivered")
    office.settle()
    office.wait(timedelta(minutes=1))
    assert [t.text for t in office.whatsapp.sent if "Sudah kami cek." in t.text]
    assert "held" not in office.fates()


def test_the_apology_for_what_was_put_aside_needs_no_template(
    make: Callable[..., WhatsAppRig], tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "privacy.j2").write_text("{{ 1 // 0 }}")
    office = make(change=lambda raw: raw.update(texts=str(own)))
    assert office.writes("privasi")
    assert [out.kind for out in office.whatsapp.sent] == ["message"]
    assert office.count("parked") == 1


def test_news_of_a_second_attempt_counts_before_its_own_outcome(office: WhatsAppRig) -> None:
    office.act("rina", a.ReplyToUser("Sudah kami cek."))
    office.settle()
    office.report(office.last(), "failed", error=NotSent("131000"))
    plain = office.whatsapp.send

    async def failed_early(out):  # type: ignore[no-untyped-def]
        office.whatsapp.send = plain  # type: ignore[method-assign]
        loket = office.loket
        takes = Receipts(loket.database, office.clock, loket.bells, loket.metrics.delivery)
        wamid, now = f"wamid.{out.ref}", office.clock.now()
        error = NotSent("131000")
        await takes.take((Receipt(ACCOUNT, "x", out.ref, wamid, "failed", now, error),))
        return await plain(out)

    office.whatsapp.send = failed_early  # type: ignore[method-assign]
    for _ in range(3):
        office.wait(timedelta(minutes=10))
    assert office.fates("attempts")[-1] == 3
    assert office.fates()[-1] == "sent"
