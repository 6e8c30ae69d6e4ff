"""A ticket's page: what it shows, and every action's form."""

from __future__ import annotations

import pytest

from tests.bot.console import Desk, seen
from tests.bot.desk_work import open_ticket
from tests.rig import Rig


@pytest.fixture
def desk(rig: Rig) -> Desk:
    """Rina at her browser; Budi's ticket is open."""
    rig.hire("rina", "helpdesk")
    rig.hire("adi", "helpdesk", "admin_lpse")
    return Desk(rig).enter("rina")


def test_the_page_shows_the_form_and_who_holds_it(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    page = seen(desk.get(f"/console/tiket/{number}"))
    for words in ("Budi Santoso", "CV Maju Jaya", "0812-3456-7890", "gagal upload", "Belum dipegang"):
        assert words in page
