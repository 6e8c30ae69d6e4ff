"""The sentences: each renders, an office may replace it, inserted text makes nothing bold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from dialogs.answers import Answers
from dialogs.facts import Facts, ItemFact, LiveFact, QueueFact, TicketFact
from dialogs.office import FormField
from dialogs.state import Draft, Part
from dialogs.texts import Texts, clip, date_words, moment_words
from handoff.clock.view import Explanation
from handoff.policy import OtherUnit, Policy
from handoff.ticket.packet import TalkLine

OPENS = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
FIELD = FormField(key="npwp", label="NPWP", question="NPWP?", check="npwp", required=False)
TICKET = TicketFact("LPSE-2611-00042-K", "gangguan", "baru", "gagal", OPENS, "tinggi", "lkpp")
EVERYTHING: dict[str, Any] = {
    "again": True, "aside": True, "at": "shown", "authority": "lkpp", "busy": True,
    "clock": Explanation("Sen 23 Nov 09.00", "5 menit jam kantor", (("2 jam", "menunggu data"),),
                         "Sen 23 Nov 11.05", "Sen 23 Nov 11.00", 2),
    "confirm": True, "contact": "LKPP.", "count": 2, "current": None, "deadline": "under_24h",
    "decides": "lkpp", "draft": Draft(parts=(Part(1, "x"),)), "due": OPENS, "event": "resolved",
    "exempt": "menunggu pihak lain",
    "facts": Facts(OPENS, False, OPENS, waiting_number="ANT-1"), "field": FIELD, "files": 1,
    "first": True, "form": True, "heard": {"nama": "Budi"}, "kind": "gangguan",
    "kinds": ("password", "nik"), "known": {"nama": "Budi"}, "labels": ["Nama"], "max_mb": 10.0,
    "messages": 1, "name": "a.exe", "next_open": OPENS, "number": "LPSE-2611-00042-K",
    "office_open": False, "own": None, "problem": "x", "profile": None, "reason": "too_big",
    "refused": False, "rows": [("Nama", "Budi")], "sentence": "LKPP.", "shown": 700,
    "target": False, "text": "x", "ticket": TICKET, "tickets": [TICKET], "types": ["pdf"],
    "into": "LPSE-2611-00041-L", "lkpp": True, "tier": Policy().tiers[-1],
    "unit": OtherUnit(key="ukpbj", label="UKPBJ", contact="Lantai 3"),
    "outcome": "Alamat diperbaiki.", "useful": ("kode tender",),
    "user_type": "Penyedia", "voice": False, "web": True, "words": "x",
}  # fmt: skip

ITEM = ItemFact(1, 1, "Scan NIB", "file")
EVERYTHING |= {  # data requests and closing
    "by_agent": False, "came": [ITEM], "category": "pengaduan", "days": 7, "due": OPENS,
    "explainer": "Rina", "how": "user", "into": "LPSE-2611-00077-A", "items": [ITEM],
    "lkpp": False, "loose": 1, "missing": [ITEM], "opened": OPENS, "solution": "x", "stars": 5,
    "state": "complete", "thanks": True, "told": False, "wait": "3x24 jam",
}  # fmt: skip
EVERYTHING |= {  # waiting for a person, talking with one, words passed on
    "agent": "Rina", "asking": "field:nama", "brief": True, "calls": 3, "for_person": False,
    "live": LiveFact("ANT-2611-00001-X", "LPSE-2611-00042-K", "Rina"), "position": 2,
    "queue": QueueFact("ANT-2611-00001-X", "LPSE-2611-00042-K", 2),
    "request": "ANT-2611-00001-X", "why": "closing",
}  # fmt: skip
EVERYTHING |= {  # what the topic needs, and what is asked after a ready answer
    "answer": Answers.load().get("lupa_password_penyedia"), "data": [("User ID", "maju01")],
    "example": "10023456", "label": "kode tender", "n": 1, "of": 3, "prepare": ("SK", "akta"),
    "steps": ("Hubungi petugas.",), "tell": ("User ID",), "title": "Lupa password", "titles": (),
}  # fmt: skip
EVERYTHING |= {"closes": OPENS}
EVERYTHING |= {  # the packet for LKPP
    "attached": ["berkas/01-layar.png"], "lkpp_number": "TTS-1",
    "talk": [TalkLine(OPENS, "Pengguna", "gagal", ("berkas/01-layar.png",))],
}  # fmt: skip


def values(name: str, office: Any) -> dict[str, Any]:
    special: dict[str, dict[str, Any]] = {
        "closing": {"rows": [("Nama", "Budi")]},
        "rating_kept": {"comment": True},
        "identity": {"shown": ["Budi"]},
        "faq_answer": {"answer": Answers.load().get("upload_gagal")},
        "problem_data": {"data": [("User ID", "maju01")]},
    }
    return {**EVERYTHING, "office": office, **special.get(name, {})}


@pytest.mark.parametrize("name", Texts().names())
def test_every_text_renders(name: str, office: Any) -> None:
    text = Texts().render(name, **values(name, office))
    assert text == text.strip()
    assert "\n\n\n" not in text
    assert "{{" not in text
    assert "None" not in text


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("ticket_opened", {"kind": "masukan", "target": True, "web": False, "office_open": True}),
        ("ticket_opened", {"decides": "", "next_open": None, "deadline": "none"}),
        ("human_waiting", {"again": False, "office_open": True}),
        ("ticket_opened", {"for_person": True, "kind": "gangguan"}),
        ("human_as_ticket", {"office_open": True}),
        ("human_in_between", {"brief": False}),
        ("person_begin", {"brief": False, "facts": Facts(OPENS, True)}),
        ("waiting_noted", {"files": 0}),
        ("waiting_noted", {"voice": True}),
        ("passing_which", {"form": False, "files": 0}),
        ("out_of_place", {"draft": False}),
        ("queue_returned", {"why": "returned", "agent": ""}),
        ("queue_as_ticket", {"why": "unanswered", "next_open": None}),
        ("queue_as_ticket", {"why": "gone"}),
        ("queue_as_ticket", {"why": "gone", "next_open": None}),
        ("solution_again", {"thanks": False}),
        ("data_soon", {"missing": [], "due": None}),
        ("queue_left", {"live": False}),
        ("live_over", {"why": "ended"}),
        ("live_over", {"why": "silence", "agent": ""}),
        ("note_saved", {"event": "not_resolved"}),
        ("note_saved", {"event": "addition"}),
        ("note_saved", {"event": "edit"}),
        ("file_refused", {"reason": "bad_type"}),
        ("file_refused", {"reason": "gone", "name": ""}),
        ("file_refused", {"reason": "empty"}),
        ("draft_next", {"aside": False}),
        ("escalated", {"lkpp": False}),
        ("packet_form", {"rows": [], "attached": [], "solution": "", "lkpp_number": ""}),
        ("packet_talk", {"talk": []}),
        (
            "clock_explained",
            {
                "clock": Explanation("Sen 23 Nov 09.00", "1 hari kerja", (), None, None, 1),
                "exempt": "",
            },
        ),
        ("field", {"own": "+6281234567890"}),
        ("field", {"profile": "Budi"}),
        ("status_ticket", {"ticket": TicketFact("A", "x", "apa", "", OPENS, "", "")}),
        ("status_ticket", {"ticket": replace(TICKET, state="ditutup", may_reopen=True)}),
        ("status_ticket", {"ticket": replace(TICKET, state="menunggu_data"), "missing": []}),
        ("data_request", {"lkpp": True, "words": ""}),
        ("data_received", {"came": [], "loose": 1}),
        ("data_received", {"missing": []}),
        ("data_received", {"loose": 0}),
        ("data_reminder", {"missing": [], "due": None}),
        ("data_complete", {"by_agent": True, "lkpp": True}),
        ("data_over", {"state": "cancelled"}),
        ("data_over", {"state": "expired"}),
        ("data_expired", {"days": 0}),
        ("data_partial", {"missing": []}),
        ("closing", {"how": "silence"}),
        ("closing", {"how": "agent", "rows": []}),
        ("closing", {"days": 0}),
        ("complaint_answer", {"days": 0}),
        ("closed_because", {"reason": "duplicate"}),
        ("closed_because", {"reason": "no_data", "days": 0}),
        ("closed_because", {"reason": "other_unit"}),
        ("closed_because", {"reason": "withdrawn"}),
        ("not_solved", {"told": True, "lkpp": True}),
        ("reopened", {"told": True, "lkpp": True}),
        ("rating_kept", {"comment": False}),
        *(("faq_follow", {"kind": kind}) for kind in ("fails", "same", "time", "cost", "who")),
        ("faq_follow", {"kind": "documents"}),
        ("faq_follow", {"kind": "documents", "tell": (), "prepare": ()}),
        ("faq_follow", {"kind": "time", "target": True}),
        *(("faq_next", {"at": at}) for at in ("answered", "suggest", "rephrase", "later")),
        ("faq_next", {"at": "answered_next", "titles": ["Ganti email"]}),
        ("form_data", {"current": "10023456", "prepare": ()}),
        ("form_data", {"example": ""}),
        ("data_problem", {"problem": "email_no_at"}),
        ("status_ticket", {"ticket": replace(TICKET, state="dieskalasi", decides="lpse")}),
        ("feedback", {"at": "confirm"}),
        ("feedback", {"at": "sort"}),
    ],
)
def test_every_turn_of_a_text_renders(name: str, changed: dict[str, Any], office: Any) -> None:
    assert Texts().render(name, **{**values(name, office), **changed})


def test_the_target_is_left_out_where_others_decide(office: Any) -> None:
    known = values("ticket_opened", office)
    kept = Texts().render("ticket_opened", **{**known, "target": True})
    left = Texts().render("ticket_opened", **{**known, "target": False})
    assert "3x24 jam" in kept
    assert "3x24 jam" not in left
    assert "LKPP" in left


def test_the_private_link_is_only_shown_on_the_web(office: Any) -> None:
    known = values("ticket_opened", office)
    assert "{link}" in Texts().render("ticket_opened", **known)
    assert "{link}" not in Texts().render("ticket_opened", **{**known, "web": False})


def test_waiting_for_a_person_promises_no_time_and_no_connection(office: Any) -> None:
    for again in (True, False):
        known = {**values("human_waiting", office), "again": again}
        text = Texts().render("human_waiting", **known)
        assert "dihubungkan" not in text
        assert "menit" not in text
        assert "LPSE-2611-00042-K" in text


def test_an_office_replaces_a_text(tmp_path: Path) -> None:
    (tmp_path / "thanks.j2").write_text("Matur nuwun")
    texts = Texts(tmp_path)
    assert texts.render("thanks") == "Matur nuwun"
    assert texts.render("thanks.j2") == "Matur nuwun"
    assert texts.render("affirmed") == Texts().render("affirmed")


def test_a_missing_value_is_an_error_and_no_hole_in_the_text() -> None:
    with pytest.raises(UndefinedError):
        Texts().render("note_saved", number="X")


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such folder"):
        Texts(tmp_path / "nowhere")


def test_inserted_asterisks_make_nothing_bold(office: Any) -> None:
    text = Texts().render(
        "feedback", at="confirm", category="saran", words="*tebal*", files=0, office=office
    )
    assert "*tebal*" not in text


def test_dates_are_indonesian() -> None:
    assert date_words(OPENS) == "Senin, 23 November 2026"
    assert moment_words(OPENS) == "Senin, 23 November 2026 pukul 09.00 WIB"
    east = OPENS.astimezone(ZoneInfo("Asia/Jayapura"))
    assert moment_words(east).endswith("pukul 11.00 WIT")


def test_clipping_keeps_the_length() -> None:
    assert clip("Instansi/perusahaan", 20) == "Instansi/perusahaan"
    assert len(clip("x" * 50, 20)) == 20
