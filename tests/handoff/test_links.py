"""Private links: only the office's key makes one, and each works as long as it should."""

from __future__ import annotations

import string
from datetime import timedelta
from typing import Any

import pytest

from dialogs.reply import LinkPurpose
from handoff import links
from storage.repositories import people
from tests.handoff.conftest import KEY, Desk

MINUTE = timedelta(minutes=1)


def make(desk: Desk, purpose: LinkPurpose, user: str = "budi") -> tuple[int, str]:
    """(row id, token) of a new link."""
    conversation_id, contact_id = desk.chat(user)
    link_id: int = desk.do(
        lambda c: links.make(
            c,
            purpose=purpose,
            contact_id=contact_id,
            conversation_id=conversation_id,
            now=desk.now,
        )
    )
    return link_id, links.token(KEY, purpose, link_id)


def find(desk: Desk, purpose: LinkPurpose, token: str, key: bytes = KEY) -> Any:
    return desk.database.read(lambda c: links.find(c, key, purpose, token, desk.now))


@pytest.mark.parametrize("purpose", ["resume", "join"])
def test_a_token_finds_its_link(desk: Desk, purpose: LinkPurpose) -> None:
    link_id, token = make(desk, purpose)
    assert find(desk, purpose, token).id == link_id


@pytest.mark.parametrize("purpose", ["resume", "join"])
@pytest.mark.parametrize("link_id", [1, 42, 10**15 - 1])
def test_a_token_fits_a_telegram_start_parameter(purpose: LinkPurpose, link_id: int) -> None:
    token = links.token(KEY, purpose, link_id)
    assert len(token) <= 64
    assert set(token) <= set(string.ascii_letters + string.digits + "_-")


def test_a_token_is_of_one_office_one_purpose_and_one_row(desk: Desk) -> None:
    link_id, token = make(desk, "join")
    _, other = make(desk, "join")
    assert find(desk, "join", token, b"x" * 32) is None
    assert find(desk, "resume", token) is None
    assert find(desk, "resume", "r" + token[1:]) is None
    assert find(desk, "join", other.split("_", 1)[0] + "_" + token.split("_", 1)[1]) is None
    assert find(desk, "join", token).id == link_id


@pytest.mark.parametrize(
    "token",
    [
        "",
        "j",
        "j1",
        "j1_",
        "j1_" + "a" * 22,
        "j1_" + "a" * 21,
        "j1_" + "a" * 22 + "\n",
        "j" + "9" * 16 + "_" + "a" * 22,
        "j٣_" + "a" * 22,  # a digit, but not one of ours
        "j1_" + "ä" * 22,
        "\ud800",
        "J1_" + "a" * 22,
        "' OR 1=1 --",
        "j1_" + "a" * 5000,
    ],
)
def test_what_is_no_token_finds_nothing_and_raises_nothing(desk: Desk, token: str) -> None:
    make(desk, "join")
    assert find(desk, "join", token) is None


def test_one_changed_character_finds_nothing(desk: Desk) -> None:
    _, token = make(desk, "resume")
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert find(desk, "resume", changed) is None


def test_a_joining_link_lives_for_a_quarter_of_an_hour(desk: Desk) -> None:
    _, token = make(desk, "join")
    desk.clock.move(15 * MINUTE - timedelta(microseconds=1))
    assert find(desk, "join", token) is not None
    desk.clock.move(timedelta(microseconds=1))
    assert find(desk, "join", token) is None


def test_a_joining_link_works_once(desk: Desk) -> None:
    link_id, token = make(desk, "join")
    desk.do(lambda c: people.use_link(c, link_id, desk.now))
    assert find(desk, "join", token) is None


def test_a_reopening_link_works_again_and_for_years(desk: Desk) -> None:
    link_id, token = make(desk, "resume")
    desk.do(lambda c: people.use_link(c, link_id, desk.now))
    desk.clock.move(timedelta(days=730))
    assert find(desk, "resume", token) is not None


def test_revoking_ends_all_links_of_one_person_and_no_other_s(desk: Desk) -> None:
    _, mine = make(desk, "resume")
    _, joining = make(desk, "join")
    _, theirs = make(desk, "resume", "sari")
    contact_id = desk.chat("budi")[1]
    assert desk.do(lambda c: people.revoke_links(c, contact_id, desk.now)) == 2
    assert find(desk, "resume", mine) is None
    assert find(desk, "join", joining) is None
    assert find(desk, "resume", theirs) is not None


def test_no_table_holds_a_usable_token(desk: Desk) -> None:
    _, token = make(desk, "resume")
    secret = token.partition("_")[2]
    assert all(secret not in str(tuple(row)) for row in desk.rows("SELECT * FROM links"))
