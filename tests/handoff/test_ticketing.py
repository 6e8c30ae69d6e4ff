"""A ticket at the desk: held, classified, answered, passed on, merged."""

from __future__ import annotations

import json

import pytest

from handoff import actions as a
from handoff.history import verify
from handoff.refusal import Refused
from tests.handoff.tickets import opened
from tests.rig import Rig


@pytest.fixture(autouse=True)
def office(rig: Rig) -> None:
    rig.hire("rina", "helpdesk")
    rig.hire("joko", "helpdesk")
    rig.hire("dedi", "koordinator")


def heard(rig: Rig, user: str = "budi") -> list[str]:
    rig.settle()
    return [out.text for out in rig.telegram.sent if out.key.chat == user]


def test_of_two_who_take_at_once_one_wins_and_the_other_is_told(rig: Rig) -> None:
    number = opened(rig)
    rig.act("rina", a.Take(), number)
    with pytest.raises(Refused, match="sudah diambil Rina"):
        rig.act("joko", a.Take(), number)
    assert rig.ticket().agent_id == rig.agents["rina"]
    assert rig.ticket().state == "diproses"


def test_a_koordinator_takes_over_and_the_holder_is_told(rig: Rig) -> None:
    opened(rig)
    rig.act("rina", a.Take())
    rig.act("dedi", a.Take())
    assert rig.ticket().agent_id == rig.agents["dedi"]
    alerts = rig.rows("SELECT text FROM alerts WHERE agent_id = :rina", rina=rig.agents["rina"])
    assert any("diambil alih Dedi" in row.text for row in alerts)


def test_the_same_click_twice_says_one_line(rig: Rig) -> None:
    opened(rig)
    rig.act("rina", a.ReplyToUser("Coba lagi"), event="nonce-1")
    assert rig.act("rina", a.ReplyToUser("Coba lagi"), event="nonce-1") == "Sudah dilakukan."
    assert sum("Coba lagi" in text for text in heard(rig)) == 1


def test_a_line_names_the_agent_and_the_ticket_and_stops_the_response_clock(rig: Rig) -> None:
    number = opened(rig)
    rig.act("rina", a.ReplyToUser("Ukuran berkasnya berapa?"))
    (line,) = [text for text in heard(rig) if "Ukuran" in text]
    assert "Rina" in line
    assert number in line
    row = rig.ticket()
    assert row.answered_at is not None
    assert row.expects == "reply"
    assert row.agent_id == rig.agents["rina"]


def test_a_password_in_an_agents_line_is_masked(rig: Rig) -> None:
    opened(rig)
    rig.act("rina", a.ReplyToUser("password sementara: Rahasia123"))
    assert not any("Rahasia123" in text for text in heard(rig))


def test_an_agents_file_reaches_the_user_once(rig: Rig) -> None:
    opened(rig)
    key = rig.loket.blobs.put(b"%PDF-1.4 ")
    file = a.Attached(0, "document", "panduan.pdf", "application/pdf", key)
    rig.act("rina", a.ReplyToUser("Ini panduannya", (file,)))
    rig.settle()
    (out,) = [out for out in rig.telegram.sent if out.file]
    assert out.file is not None
    assert out.file.name == "panduan.pdf"
    (row,) = rig.rows("SELECT ticket_id, message_id, state FROM attachments")
    assert (row.ticket_id, row.state) == (rig.ticket().id, "stored")


def test_whoever_does_not_hold_it_cannot_answer(rig: Rig) -> None:
    opened(rig)
    rig.act("rina", a.Take())
    with pytest.raises(Refused, match="dipegang petugas lain"):
        rig.act("joko", a.ReplyToUser("halo"))
    assert not any("halo" in text for text in heard(rig))


def test_a_note_has_no_way_to_the_user(rig: Rig) -> None:
    opened(rig)
    rig.act("joko", a.WriteNote("pengguna ini sering salah unggah"))
    rig.settle()
    assert not rig.rows("SELECT 1 FROM messages WHERE text LIKE '%sering salah%'")
    assert rig.rows("SELECT text FROM notes")[0].text == "pengguna ini sering salah unggah"


def test_the_priority_follows_the_offices_table(rig: Rig) -> None:
    opened(rig, deadline="under_24h")
    rig.act("rina", a.Classify("gangguan", "kecil", "tidak"))
    assert (rig.ticket().priority, rig.ticket().urgent) == ("tinggi", 0)
    opened(rig, user="siti", deadline="none")
    rig.act("rina", a.Classify("permintaan_layanan", "kecil", "tidak"))
    assert (rig.ticket().priority, rig.ticket().urgent) == ("rendah", 2)
    rig.act("rina", a.Classify("permintaan_layanan", "kecil", "tidak", priority="menengah"))
    assert rig.ticket().priority == "menengah"
    assert rig.ticket().priority_at is not None


def test_the_form_is_filled_by_each_fields_own_check(rig: Rig) -> None:
    opened(rig, answers={"nama": "Budi Santoso"})
    with pytest.raises(Refused, match="Telepon"):
        rig.act("rina", a.FillForm({"telepon": "12"}))
    rig.act("rina", a.FillForm({"telepon": "0812-3456-7890"}, missing=True))
    answers = json.loads(rig.ticket().answers)
    assert answers["telepon"] == "+6281234567890"
    assert answers["alamat"] == "tidak diberikan"


def test_passing_on_tells_the_user_who_and_how_and_closes(rig: Rig) -> None:
    number = opened(rig)
    rig.act("rina", a.PassOn("ukpbj", "jadwal tender diatur Pokja"))
    (notice,) = [text for text in heard(rig) if "UKPBJ" in text]
    assert number in notice
    assert "Gedung B Lantai 3" in notice
    assert (rig.ticket().state, rig.ticket().close_reason) == ("ditutup", "other_unit")
    with pytest.raises(Refused, match="ditutup"):
        rig.act("rina", a.PassOn("ukpbj", "lagi"))


def test_a_duplicate_closes_into_the_other_with_what_was_said(rig: Rig) -> None:
    first, second = opened(rig), opened(rig)
    rig.act("rina", a.ReplyToUser("Sama ya dengan yang tadi?"), second)
    rig.act("rina", a.Merge(first), second)
    rig.settle()
    assert (rig.ticket(second).state, rig.ticket(second).close_reason) == ("ditutup", "duplicate")
    assert rig.ticket(second).merged_into == rig.ticket(first).id
    moved = rig.rows("SELECT ticket_id FROM messages WHERE text LIKE '%Sama ya%'")
    assert {row.ticket_id for row in moved} == {rig.ticket(first).id}


def test_a_ticket_is_never_merged_into_somebody_elses(rig: Rig) -> None:
    mine, other = opened(rig), opened(rig, user="siti")
    with pytest.raises(Refused, match="orang yang sama"):
        rig.act("rina", a.Merge(other), mine)
    assert rig.ticket(mine).state != "ditutup"


def test_every_action_leaves_its_entry_and_the_chain_stays_whole(rig: Rig) -> None:
    number = opened(rig)
    for action in (
        a.Take(),
        a.Classify("gangguan", "besar", "mendesak"),
        a.FillForm({"nama": "Budi Santosa"}),
        a.WriteNote("cek log"),
        a.ReplyToUser("Kami cek"),
        a.MarkExempt("gangguan jaringan"),
        a.MarkExempt(""),
        a.Assign(rig.agents["joko"]),
    ):
        before = rig.ticket(number).history_seq
        rig.act("rina", action, number)
        assert rig.ticket(number).history_seq > before, action
    key, ticket_id = rig.loket.turns.counter.key, rig.ticket(number).id
    assert rig.loket.database.read(lambda c: verify(c, key, ticket_id)) is None


def test_an_assigned_agent_is_told_and_nobody_who_left_is_given_work(rig: Rig) -> None:
    opened(rig)
    rig.act("rina", a.Assign(rig.agents["joko"]))
    alerts = rig.rows("SELECT kind FROM alerts WHERE agent_id = :j", j=rig.agents["joko"])
    assert [row.kind for row in alerts] == ["assigned"]
    rig.hire("lama", "helpdesk")
    rig.loket.database.write(
        lambda unit: unit.connection.exec_driver_sql(
            "UPDATE agents SET active = 0 WHERE login = 'lama'"
        )
    ).result()
    with pytest.raises(Refused, match="tidak aktif"):
        rig.act("joko", a.Assign(rig.agents["lama"]))


def test_what_is_refused_changes_nothing(rig: Rig) -> None:
    number = opened(rig)
    before = rig.rows("SELECT * FROM tickets")
    for action in (
        a.PassOn("tidak_ada", "x"),
        a.Merge("LPSE-1"),
        a.ReplyToUser("  "),
        a.Solve("", ""),
    ):
        with pytest.raises(Refused):
            rig.act("rina", action, number)
    assert rig.rows("SELECT * FROM tickets") == before
