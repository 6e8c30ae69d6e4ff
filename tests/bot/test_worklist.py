"""What staff see and do until the console is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.config import ConfigError
from bot.staff.worklist import finish, show_case, show_lists
from tests.rig import Rig

STORY = "Saya Budi dari CV Maju, 0812-3456-7890, token saya tidak terbaca"


def _ticket(rig: Rig) -> str:
    for text in (STORY, "buat tiket", "Jl. Merdeka No. 5, Batam", "lanjut", "kurang dari 24 jam"):
        rig.say(text)
    rig.tap("Kirim")
    return str(rig.rows("SELECT number FROM tickets")[0][0])


def test_a_ticket_stands_in_the_list_with_who_and_what(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    number = _ticket(rig)
    show_lists(rig.config, rig.places, 20)
    shown = capsys.readouterr().out
    assert number in shown
    assert "0812-3456-7890" in shown


def test_one_ticket_is_shown_whole_with_its_last_messages(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    show_case(rig.config, rig.places, _ticket(rig).lower())
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for piece in ("Budi", "CV Maju", "Jl. Merdeka", "token saya tidak terbaca", "under_24h"):
        assert piece in shown


def test_urgent_tickets_come_first(
    make_rig: Callable[..., Rig], capsys: pytest.CaptureFixture[str]
) -> None:
    rig = make_rig()
    rig.say("Saya Siti dari CV Melati, 0812-3456-7891, email tidak masuk", "siti")
    for text in ("buat tiket", "Jl. Melati No. 2, Batam", "lanjut", "lewati semua", "tidak ada"):
        rig.say(text, "siti")
    rig.tap("Kirim", "siti")
    _ticket(rig)
    show_lists(rig.config, rig.places, 20)
    shown = capsys.readouterr().out
    assert shown.index("0812-3456-7890") < shown.index("0812-3456-7891")


def test_a_request_is_done_once_and_leaves_the_list(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    rig.hire("rina", "helpdesk")
    for words in ("petugas", "Budi Santoso", "akun saya terkunci"):
        rig.say(words)
    number = str(rig.rows("SELECT number FROM human_requests")[0][0])
    assert finish(rig.places, number) == f"{number} is done."
    with pytest.raises(ConfigError, match="no open request"):
        finish(rig.places, number)
    show_lists(rig.config, rig.places, 20)
    assert "Waiting for a person: none" in capsys.readouterr().out


def test_a_mistyped_number_is_told_from_an_unknown_one(rig: Rig) -> None:
    number = _ticket(rig)
    wrong = number[:-1] + ("A" if number[-1] != "A" else "B")
    with pytest.raises(ConfigError, match="mistyped"):
        show_case(rig.config, rig.places, wrong)


def test_a_deadline_of_a_closed_channel_does_not_hold_up_the_others(rig: Rig) -> None:
    from datetime import timedelta

    rig.say("buat tiket", "tono", "telegram")
    rig.say("Tono Hartono", "tono", "telegram")
    rig.say("buat tiket")
    rig.say("Budi Santoso")
    del rig.loket.turns.abilities["telegram"]  # type: ignore[attr-defined]
    rig.loket.delivery._names = ("web",)
    rig.wait(timedelta(hours=26))
    assert "belum dikirim" in rig.answers()[-1].text.lower()
