"""Logging in through a provider: the protocol against a small provider, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from bot.config import ConfigError
from storage.repositories import agents
from tests.bot.console import COOKIE, Desk, seen
from tests.fake_provider import CLIENT, SECRET, FakeProvider
from tests.rig import Rig


@pytest.fixture(scope="module")
def running() -> Iterator[FakeProvider]:
    provider = FakeProvider()
    with provider.serving():
        yield provider


@pytest.fixture
def provider(running: FakeProvider) -> FakeProvider:
    """It behaves, until a test bends it."""
    running.person = {"sub": "p-1"}
    running.bend = lambda claims: None
    running.signs_with, running.says_issuer = running.key, None
    return running


@pytest.fixture
def rig(make_rig: Callable[..., Rig], provider: FakeProvider) -> Rig:
    def configure(raw: dict[str, Any]) -> None:
        raw["oidc"] = {"issuer": provider.issuer, "client_id": CLIENT, "label": "Akun Kabupaten"}

    return make_rig(change=configure, oidc_secret=SECRET)


def path_of(url: str) -> str:
    return httpx.URL(url).raw_path.decode()


def link(rig: Rig, login: str, subject: str) -> None:
    agent_id = rig.agents[login]
    rig.loket.database.write(
        lambda unit: agents.change(unit.connection, agent_id, subject=subject)
    ).result()


def go(desk: Desk, provider: FakeProvider, start: str = "/console/oidc/masuk") -> httpx.Response:
    """There and back."""
    away = desk.get(start)
    assert away.status_code == 302, seen(away)
    headers = {"Sec-Fetch-Site": "cross-site"}
    return desk.get(path_of(provider.consent(away.headers["location"])), headers=headers)


def test_a_linked_person_is_let_in(rig: Rig, provider: FakeProvider) -> None:
    rig.hire("siti", "helpdesk")
    link(rig, "siti", f"{provider.issuer}|p-1")
    desk = Desk(rig)
    assert "Masuk dengan Akun Kabupaten" in seen(desk.get("/console/masuk?ke=/console/saya"))
    answer = go(desk, provider, "/console/oidc/masuk?ke=/console/saya")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/saya"
    assert "Siti" in seen(desk.get("/console/saya"))
    assert "loket_oidc" not in desk.cookies


def test_nobody_gets_an_account_by_having_one_there(rig: Rig, provider: FakeProvider) -> None:
    rig.hire("siti", "helpdesk")
    desk = Desk(rig)
    answer = go(desk, provider)
    assert answer.status_code == 403
    assert "belum tertaut" in seen(answer)
    assert COOKIE not in desk.cookies
    assert rig.count("agents") == 1


def test_an_agent_links_while_logged_in(rig: Rig, provider: FakeProvider) -> None:
    rig.hire("siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    assert "Tautkan Akun Kabupaten" in seen(desk.get("/console/saya"))
    answer = go(desk, provider, "/console/oidc/tautkan")
    assert answer.headers["location"].startswith("/console/saya?pesan=Akun%20tertaut")
    other = Desk(rig)
    assert go(other, provider).status_code == 303
    rig.hire("bayu", "helpdesk")
    taken = go(Desk(rig).enter("bayu"), provider, "/console/oidc/tautkan")
    assert "gagal=1" in taken.headers["location"]


def test_linking_is_for_those_who_are_in_and_ask_here(rig: Rig, provider: FakeProvider) -> None:
    rig.hire("siti", "helpdesk")
    assert Desk(rig).get("/console/oidc/tautkan").status_code == 303
    desk = Desk(rig).enter("siti")
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert desk.get("/console/oidc/tautkan", headers=headers).status_code == 403


def test_a_link_belongs_to_the_session_it_began_in(rig: Rig, provider: FakeProvider) -> None:
    rig.hire("siti", "helpdesk")
    rig.hire("bayu", "helpdesk")
    desk = Desk(rig).enter("siti")
    away = desk.get("/console/oidc/tautkan")
    desk.enter("bayu")
    answer = desk.get(path_of(provider.consent(away.headers["location"])))
    assert answer.status_code == 403
    assert all(row.subject is None for row in rig.rows("SELECT subject FROM agents"))


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ({"email": "Siti@Kantor.example", "email_verified": True}, 303),
        ({"email": "siti@kantor.example", "email_verified": False}, 403),
        ({"email": "siti@kantor.example", "email_verified": "true"}, 403),
        ({"email": "siti@kantor.example"}, 403),
        ({"email": "lain@kantor.example", "email_verified": True}, 403),
    ],
)
def test_a_verified_address_that_is_the_login_links(
    rig: Rig, provider: FakeProvider, person: dict[str, Any], status: int
) -> None:
    rig.hire("siti@kantor.example", "helpdesk")
    provider.person = {"sub": "p-9", **person}
    assert go(Desk(rig), provider).status_code == status
    (row,) = rig.rows("SELECT subject FROM agents")
    assert row.subject == (f"{provider.issuer}|p-9" if status == 303 else None)


def test_an_address_does_not_take_over_an_account_linked_to_another(
    rig: Rig, provider: FakeProvider
) -> None:
    rig.hire("siti@kantor.example", "helpdesk")
    link(rig, "siti@kantor.example", f"{provider.issuer}|p-1")
    provider.person = {"sub": "p-2", "email": "siti@kantor.example", "email_verified": True}
    assert go(Desk(rig), provider).status_code == 403


def test_a_removed_agent_stays_out(rig: Rig, provider: FakeProvider) -> None:
    rig.hire("siti", "helpdesk")
    link(rig, "siti", f"{provider.issuer}|p-1")
    agent_id = rig.agents["siti"]
    rig.loket.database.write(
        lambda unit: agents.change(unit.connection, agent_id, active=False)
    ).result()
    assert go(Desk(rig), provider).status_code == 403


_BENT: dict[str, dict[str, Any]] = {
    "nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "issuer": {"iss": "https://jahat.example"},
    "audience": {"aud": "another-client"},
    "authorized party": {"aud": [CLIENT, "b"], "azp": "another-client"},
    "expired": {"exp": int(time.time()) - 600},
    "unsigned": {"alg": "none"},
    "no subject": {"sub": None},
}


@pytest.mark.parametrize("what", _BENT)
def test_a_token_that_is_not_right_lets_nobody_in(
    rig: Rig, provider: FakeProvider, what: str
) -> None:
    rig.hire("siti", "helpdesk")
    link(rig, "siti", f"{provider.issuer}|p-1")

    def bend(claims: dict[str, Any]) -> None:
        claims.update(_BENT[what])
        for name in [name for name, value in claims.items() if value is None]:
            del claims[name]

    provider.bend = bend
    desk = Desk(rig)
    answer = go(desk, provider)
    assert answer.status_code == 502
    assert "tidak berhasil" in seen(answer)
    assert COOKIE not in desk.cookies
    assert rig.count("agent_sessions") == 0


def test_a_token_under_another_key_lets_nobody_in(rig: Rig, provider: FakeProvider) -> None:
    rig.hire("siti", "helpdesk")
    link(rig, "siti", f"{provider.issuer}|p-1")
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert go(Desk(rig), provider).status_code == 502
    assert rig.count("agent_sessions") == 0


def test_a_provider_that_calls_itself_another_is_not_trusted(
    rig: Rig, provider: FakeProvider
) -> None:
    provider.says_issuer = "https://jahat.example"
    assert Desk(rig).get("/console/oidc/masuk").status_code == 502
    provider.says_issuer = None
    assert Desk(rig).get("/console/oidc/masuk").status_code == 302


def test_who_comes_back_without_having_left_is_not_let_in(rig: Rig, provider: FakeProvider) -> None:
    """The state belongs to the browser: nobody can be logged in as somebody else by a link."""
    rig.hire("siti", "helpdesk")
    link(rig, "siti", f"{provider.issuer}|p-1")
    away = Desk(rig).get("/console/oidc/masuk")
    back = path_of(provider.consent(away.headers["location"]))
    victim = Desk(rig)
    assert victim.get(back).status_code == 502
    assert victim.get("/console/oidc/kembali?error=access_denied").status_code == 502
    assert victim.get("/console/oidc/kembali").status_code == 502
    victim.cookies["loket_oidc"] = "nonsense"
    assert victim.get(back).status_code == 502
    assert COOKIE not in victim.cookies


def test_a_provider_that_is_down_is_said(
    make_rig: Callable[..., Rig], provider: FakeProvider
) -> None:
    def configure(raw: dict[str, Any]) -> None:
        raw["oidc"] = {"issuer": "http://127.0.0.1:9", "client_id": CLIENT}

    rig = make_rig(change=configure, oidc_secret=SECRET)
    answer = Desk(rig).get("/console/oidc/masuk")
    assert answer.status_code == 502
    assert "akun kantor tidak berhasil" in seen(answer)


def test_the_secret_is_needed(make_rig: Callable[..., Rig], provider: FakeProvider) -> None:
    def configure(raw: dict[str, Any]) -> None:
        raw["oidc"] = {"issuer": provider.issuer, "client_id": CLIENT}

    with pytest.raises(ConfigError, match="LOKET_OIDC_SECRET is missing"):
        make_rig(change=configure)


def test_without_a_provider_nothing_points_to_one(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig()
    rig.hire("siti", "helpdesk")
    assert "oidc" not in Desk(rig).get("/console/masuk").text
    desk = Desk(rig).enter("siti")
    assert "oidc" not in desk.get("/console/saya").text
    assert desk.get("/console/oidc/masuk").status_code == 404
