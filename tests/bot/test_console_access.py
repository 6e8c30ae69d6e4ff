"""The console's door and guard, over HTTP through the whole application."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from bot.speaking import BOARD
from bot.staff import accounts
from bot.staff.passwords import Passwords
from bot.web.console.guard import safe_path
from handoff.actions import Take
from storage.database import Unavailable
from storage.repositories import agents
from tests.bot.console import COOKIE, Desk, seen
from tests.rig import CHEAP, Rig

PASSWORD = "kuda makan rumput"


def hire(rig: Rig, login: str, *roles: str) -> int:
    """An agent with a password."""
    agent_id = rig.hire(login, *roles)
    change(rig, login, password_hash=CHEAP.hash(PASSWORD))
    return agent_id


def change(rig: Rig, login: str, **values: object) -> None:
    agent_id = rig.agents[login]
    rig.loket.database.write(
        lambda unit: agents.change(unit.connection, agent_id, **values)
    ).result()


def account(rig: Rig, login: str) -> Any:
    return rig.rows("SELECT * FROM agents WHERE login = :login", login=login)[0]


def log_in(desk: Desk, login: str, password: str = PASSWORD, ke: str = "") -> httpx.Response:
    return desk.post("/console/masuk", page="/console/masuk", login=login, password=password, ke=ke)


def setup_token(rig: Rig) -> str:
    now = rig.clock.now()
    token = rig.loket.database.write(
        lambda unit: accounts.setup_link(unit.connection, now)
    ).result()
    assert token is not None
    return token


FIRST = {"name": "Ani", "login": "ani", "password": PASSWORD, "again": PASSWORD}


def write_ticket(rig: Rig) -> None:
    """A user fills the form."""
    for words in ("buat tiket", "Budi Santoso", "CV Maju", "Jl. Sudirman 5, Batam"):
        rig.say(words)
    rig.say("0812-3456-7890")
    rig.tap("Penyedia")
    rig.say("gagal upload penawaran, muncul error 500")
    rig.tap("Lanjut")
    rig.tap("Lewati semua")
    rig.tap("Tidak ada")
    rig.tap("Kirim")


# Logging in


def test_whoever_logs_in_gets_to_the_page_they_wanted(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig)
    sent_away = desk.get("/console/saya?x=1")
    assert sent_away.status_code == 303
    assert sent_away.headers["location"] == "/console/masuk?ke=/console/saya%3Fx%3D1"
    page = desk.get(sent_away.headers["location"])
    entered = desk.post("/console/masuk", login=" SITI ", password=PASSWORD, ke=desk.hidden("ke"))
    assert page.status_code == 200
    assert entered.status_code == 303
    assert entered.headers["location"] == "/console/saya?x=1"
    assert "Siti" in seen(desk.get("/console/saya"))


@pytest.mark.parametrize("https", [False, True])
def test_cookies_are_for_this_host_and_no_script(rig: Rig, https: bool) -> None:
    if https:
        rig.places = rig.places.model_copy(update={"public_url": "https://loket.example"})
        rig.restart()
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig)
    desk.base = "https://loket.example" if https else desk.base
    answer = log_in(desk, "siti")
    (given,) = [c for c in answer.headers.get_list("set-cookie") if COOKIE in c]
    name, _, rest = given.partition("=")
    assert name == (f"__Host-{COOKIE}" if https else COOKIE)
    assert ("; Secure" in rest) is https
    for flag in ("; HttpOnly", "; SameSite=lax", "; Path=/"):
        assert flag in rest
    assert "Domain" not in rest


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://jahat.example/",
        "//jahat.example/",
        "/\\jahat.example",
        "/console//jahat.example",
        "/console/../t/abc",
        "/consolejahat",
        "/t/abc",
        "javascript:alert(1)",
        "/console/masuk?ke=/console/masuk",
        "/console/\nset-cookie: a=b",
        "",
    ],
)
def test_the_door_leads_nowhere_else(rig: Rig, elsewhere: str) -> None:
    assert safe_path(elsewhere) == "/console/"
    hire(rig, "siti", "helpdesk")
    assert log_in(Desk(rig), "siti", ke=elsewhere).headers["location"] == "/console/"


def test_every_failure_reads_the_same(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    hire(rig, "bayu", "helpdesk")
    rig.hire("tono", "helpdesk")  # has no password yet
    change(rig, "bayu", active=False)
    said = set()
    for login, password in (
        ("siti", "salah semua ini"),
        ("siapa", PASSWORD),
        ("bayu", PASSWORD),
        ("tono", PASSWORD),
        ("tono", "nobody has this password"),
        ("", ""),
    ):
        answer = log_in(Desk(rig), login, password)
        assert answer.status_code == 403
        assert COOKIE not in answer.headers.get("set-cookie", "")
        said.add(seen(answer).partition("kata sandi tidak cocok")[0])
    assert len(said) == 1
    assert rig.count("agent_sessions") == 0


def test_a_session_that_was_there_before_is_not_taken_over(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    hire(rig, "bayu", "helpdesk")
    desk = Desk(rig).enter("bayu")
    planted = desk.cookies[COOKIE]
    desk.cookies.clear()
    desk.get("/console/masuk")
    desk.cookies[COOKIE] = "a-token-somebody-chose"
    desk.post("/console/masuk", page="/console/masuk", login="siti", password=PASSWORD)
    assert desk.cookies[COOKIE] not in ("a-token-somebody-chose", planted)
    other = Desk(rig)
    other.cookies[COOKIE] = "a-token-somebody-chose"
    assert other.get("/console/saya").status_code == 303


def test_logging_in_again_ends_the_browsers_old_session(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig)
    desk.get("/console/masuk")
    form = {"csrf": desk.hidden("csrf"), "login": "siti", "password": PASSWORD}
    desk.call("POST", "/console/masuk", data=form)
    old = desk.cookies[COOKIE]
    # The page with the form was open in another tab.
    answer = desk.call("POST", "/console/masuk", data={**form, "csrf": "x"})
    assert answer.status_code == 403
    page = desk.get("/console/saya")
    form["csrf"] = desk.hidden("csrf")
    assert page.status_code == 200
    assert desk.call("POST", "/console/masuk", data=form).status_code == 303
    stale = Desk(rig)
    stale.cookies[COOKIE] = old
    assert stale.get("/console/saya").status_code == 303


def test_a_login_is_slowed_down_and_says_for_how_long(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    hire(rig, "bayu", "helpdesk")
    desk = Desk(rig)
    assert [log_in(desk, "siti", "salah").status_code for _ in range(6)] == [403] * 6
    stopped = log_in(desk, "siti")
    assert stopped.status_code == 429
    assert stopped.headers["retry-after"] == "30"
    assert "Coba lagi dalam 30 detik." in seen(stopped)
    assert log_in(desk, "bayu").status_code == 303  # the office goes on
    rig.restart()
    assert log_in(Desk(rig), "siti").status_code == 429
    rig.clock.move(timedelta(seconds=30))
    assert log_in(Desk(rig), "siti").status_code == 303


def test_an_address_that_guesses_is_slowed_down_alone(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig, host="10.0.0.9")
    for number in range(30):
        assert log_in(desk, f"user{number}", "salah").status_code == 403
    assert log_in(desk, "siti").status_code == 429
    assert log_in(Desk(rig, host="10.0.0.10"), "siti").status_code == 303


def test_a_whole_office_behind_one_address_gets_in(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    for _ in range(45):
        assert log_in(Desk(rig), "siti").status_code == 303


def test_a_better_hash_replaces_an_old_one(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    weaker = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=16))
    change(rig, "siti", password_hash=weaker.hash(PASSWORD))
    assert log_in(Desk(rig), "siti").status_code == 303
    assert not CHEAP.is_stale(account(rig, "siti").password_hash)
    assert log_in(Desk(rig), "siti").status_code == 303


def test_logging_out_ends_the_session_and_the_duty(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    token = desk.cookies[COOKIE]
    assert desk.post("/console/keluar").headers["location"] == "/console/masuk"
    assert COOKIE not in desk.cookies
    desk.cookies[COOKIE] = token
    assert desk.get("/console/saya").status_code == 303
    assert not account(rig, "siti").on_duty


# Sessions


def test_a_session_nobody_uses_ends_after_twelve_hours(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    rig.clock.move(timedelta(hours=12, seconds=-1))
    assert desk.get("/console/saya").status_code == 200
    rig.clock.move(timedelta(hours=12))
    assert desk.get("/console/saya").status_code == 303


def test_a_session_in_use_ends_after_seven_days(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    for _ in range(15):
        rig.clock.move(timedelta(hours=11))
        assert desk.get("/console/saya").status_code == 200
    rig.clock.move(timedelta(hours=3))
    assert desk.get("/console/saya").status_code == 303


def test_pages_that_fetch_by_themselves_keep_no_session_alive(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    for _ in range(11):
        rig.clock.move(timedelta(hours=1))
        assert desk.get("/console/saya", headers={"X-Fragment": "1"}).status_code == 200
    rig.clock.move(timedelta(hours=1))
    for headers in ({"X-Fragment": "1"}, {"Accept": "text/event-stream"}):
        answer = desk.get("/console/saya", headers=headers)
        assert answer.status_code == 401
        assert "<" not in answer.text


def test_a_form_after_the_session_ended_gives_the_text_back(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    desk.get("/console/saya")
    csrf = desk.hidden("csrf")
    rig.clock.move(timedelta(hours=13))
    answer = desk.call(
        "POST",
        "/console/akun/1/hapus",
        data={"csrf": csrf, "old_password": PASSWORD, "text": "Coba <b>hapus</b> cache.\nLalu"},
        files={"file": ("bukti.png", b"x", "image/png")},
    )
    assert answer.status_code == 401
    assert "tidak ada yang dilakukan" in seen(answer)
    assert "Coba &lt;b&gt;hapus&lt;/b&gt; cache." in answer.text
    assert "bukti.png" in answer.text
    assert PASSWORD not in answer.text
    assert csrf not in answer.text
    assert 'href="/console/masuk?ke=/console/akun/1"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_whoever_never_was_in_cannot_send_much(rig: Rig) -> None:
    answer = Desk(rig).call("POST", "/console/saya/sandi", data={"text": "x" * 70_000})
    assert answer.status_code == 401
    assert len(answer.content) < 10_000


def test_changed_roles_count_from_the_next_click(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    assert desk.get("/console/akun").status_code == 403
    change(rig, "siti", roles="helpdesk admin")
    assert desk.get("/console/akun").status_code == 200
    change(rig, "siti", roles="helpdesk")
    assert desk.get("/console/akun").status_code == 403


def test_a_removed_agent_is_out_at_once(rig: Rig) -> None:
    hire(rig, "ani", "admin")
    siti = hire(rig, "siti", "helpdesk")
    boss, desk = Desk(rig).enter("ani"), Desk(rig).enter("siti")
    desk.get("/console/saya")
    boss.do(f"/console/akun/{siti}/hapus", page=f"/console/akun/{siti}", sure="1")
    assert desk.post("/console/saya/tugas", on="1").status_code == 401
    assert desk.get("/console/saya").status_code == 303
    assert log_in(Desk(rig), "siti").status_code == 403
    assert not account(rig, "siti").on_duty


def test_what_a_removed_agent_held_is_for_others(rig: Rig) -> None:
    hire(rig, "ani", "admin")
    siti = hire(rig, "siti", "helpdesk")
    write_ticket(rig)
    rig.act("siti", Take())
    number = rig.ticket().number
    boss = Desk(rig).enter("ani")
    page = f"/console/akun/{siti}"
    assert "memegang 1 tiket terbuka" in seen(boss.get(page))
    boss.do(f"{page}/hapus", sure="1")
    rig.wait(timedelta(seconds=5))
    assert rig.ticket().agent_id is None
    alerts = {a.kind: a.text for a in rig.rows("SELECT kind, text FROM alerts")}
    assert number in alerts["unassigned"]
    assert "1 tiketnya" in alerts["agent_removed"]
    rig.act("ani", Take())
    assert rig.ticket().agent_id == rig.agents["ani"]


def test_a_stream_ends_with_its_session(rig: Rig) -> None:
    siti = hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    parts: list[Any] = []

    async def open_and_remove() -> None:
        rig.loket.bells.desk.listen()
        gone, told = asyncio.Event(), asyncio.Event()

        async def receive() -> Any:
            if not parts:
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            parts.append(message)
            if b"kabar" in message.get("body", b""):
                told.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/console/kabar",
            "raw_path": b"/console/kabar",
            "root_path": "",
            "query_string": b"untuk=0",
            "headers": [
                (b"host", b"loket.test"),
                (b"accept", b"text/event-stream"),
                (b"cookie", f"{COOKIE}={desk.cookies[COOKIE]}".encode()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("loket.test", 80),
        }
        open_page = asyncio.create_task(rig.loket.app(scope, receive, send))
        await asyncio.wait_for(told.wait(), 10)
        now = rig.clock.now()
        await asyncio.wrap_future(
            rig.loket.database.write(
                lambda unit: accounts.remove(unit.connection, siti, now=now, by=None)
            )
        )
        rig.loket.bells.desk.ring(BOARD)
        await asyncio.wait_for(open_page, 10)

    rig.run(open_and_remove())
    assert parts[0]["status"] == 200
    assert parts[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert b"berubah" not in b"".join(part.get("body", b"") for part in parts)


# Forgery


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"csrf": ""}, {}),
        ({"csrf": "0" * 64}, {}),
        ({"csrf": "é"}, {}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Sec-Fetch-Site": "same-site"}),
        ({}, {"Origin": "https://jahat.example"}),
    ],
)
def test_a_forged_form_does_nothing(
    rig: Rig, fields: dict[str, str], headers: dict[str, str]
) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    desk.get("/console/saya")
    data = {"csrf": desk.hidden("csrf"), "on": "0", **fields}
    answer = desk.call("POST", "/console/saya/tugas", data=data, headers=headers)
    assert answer.status_code == 403
    assert "tidak ada yang dilakukan" in seen(answer)
    assert account(rig, "siti").on_duty


def test_another_agents_token_is_not_ones_own(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    hire(rig, "bayu", "helpdesk")
    bayu = Desk(rig).enter("bayu")
    bayu.get("/console/saya")
    answer = (
        Desk(rig)
        .enter("siti")
        .call("POST", "/console/saya/tugas", data={"csrf": bayu.hidden("csrf"), "on": "0"})
    )
    assert answer.status_code == 403
    assert account(rig, "siti").on_duty


def test_a_login_cannot_be_forged_either(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    answer = Desk(rig).call("POST", "/console/masuk", data={"login": "siti", "password": PASSWORD})
    assert answer.status_code == 403
    assert rig.count("agent_sessions") == 0


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://loket.test"}, {"Origin": "null"}],
)
def test_our_own_forms_are_taken(rig: Rig, headers: dict[str, str]) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    desk.get("/console/saya")
    data = {"csrf": desk.hidden("csrf"), "on": "0"}
    assert desk.call("POST", "/console/saya/tugas", data=data, headers=headers).status_code == 303


def test_words_from_elsewhere_are_not_shown_as_ours(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    link = "/console/saya?pesan=Telepon+0812"
    assert "Telepon 0812" in seen(desk.get(link, headers={"Sec-Fetch-Site": "same-origin"}))
    assert "Telepon 0812" not in seen(desk.get(link, headers={"Sec-Fetch-Site": "cross-site"}))


# The first account


def test_the_setup_link_makes_one_admin_who_can_do_everything(rig: Rig) -> None:
    token = setup_token(rig)
    desk = Desk(rig)
    assert "Buat akun pertama" in seen(desk.get(f"/console/mulai/{token}"))
    assert desk.post(f"/console/mulai/{token}", **FIRST).headers["location"] == "/console/saya"
    assert "Admin Loket" in seen(desk.get("/console/akun"))
    assert set(account(rig, "ani").roles.split()) >= {"admin", "helpdesk", "koordinator"}
    again = Desk(rig)
    assert again.get(f"/console/mulai/{token}").status_code == 410
    with pytest.raises(AssertionError):
        setup_token(rig)


def test_two_at_once_make_one_account(rig: Rig) -> None:
    token = setup_token(rig)
    desks = [Desk(rig) for _ in range(4)]
    forms = []
    for number, desk in enumerate(desks):
        desk.get(f"/console/mulai/{token}")
        forms.append({**FIRST, "login": f"ani{number}", "csrf": desk.hidden("csrf")})

    async def all_at_once() -> list[httpx.Response]:
        return await asyncio.gather(
            *(
                desk.ask("POST", f"/console/mulai/{token}", data=form)
                for desk, form in zip(desks, forms, strict=True)
            )
        )

    answers = rig.run(all_at_once())
    assert sorted(answer.status_code for answer in answers) == [303, 403, 403, 403]
    assert rig.count("agents") == 1


def test_a_setup_link_is_replaced_expires_and_dies_with_the_first_account(rig: Rig) -> None:
    first, second = setup_token(rig), setup_token(rig)
    assert Desk(rig).get(f"/console/mulai/{first}").status_code == 410
    assert Desk(rig).get(f"/console/mulai/{second}").status_code == 200
    rig.clock.move(accounts.SETUP_LIFE)
    assert Desk(rig).get(f"/console/mulai/{second}").status_code == 410
    third = setup_token(rig)
    hire(rig, "siti", "admin")  # on the command line
    gone = Desk(rig).get(f"/console/mulai/{third}")
    assert gone.status_code == 410
    assert "sudah dipakai" in seen(gone)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "pendek", "again": "pendek"}, "minimal 10"),
        ({"again": "kuda makan rumpun"}, "tidak sama"),
        ({"login": "ani setiawan"}, "Nama masuk terdiri"),
        ({"name": " "}, "Isi nama"),
        ({"login": "kudamakanrumput", "password": "kudamakanrumput"}, "nama masuk"),
    ],
)
def test_a_setup_form_with_a_mistake_keeps_what_was_typed(
    rig: Rig, fields: dict[str, str], said: str
) -> None:
    token = setup_token(rig)
    desk = Desk(rig)
    answer = desk.post(f"/console/mulai/{token}", page=f"/console/mulai/{token}", **FIRST | fields)
    assert answer.status_code == 422
    assert said in seen(answer)
    assert f'value="{(FIRST | fields)["login"]}"' in answer.text
    assert PASSWORD not in answer.text
    assert rig.count("agents") == 0
    assert desk.get(f"/console/mulai/{token}").status_code == 200


# One's own account


def test_a_new_password_ends_the_other_sessions(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    here, there = Desk(rig).enter("siti"), Desk(rig).enter("siti")
    new = "ayam berkokok tiga kali"
    wrong = here.post("/console/saya/sandi", old="salah", password=new, again=new)
    assert wrong.status_code == 422
    assert "Kata sandi lama tidak cocok." in seen(wrong)
    here.do("/console/saya/sandi", old=PASSWORD, password=new, again=new)
    assert here.get("/console/saya").status_code == 200
    assert there.get("/console/saya").status_code == 303
    assert log_in(Desk(rig), "siti").status_code == 403
    assert log_in(Desk(rig), "siti", new).status_code == 303


def test_guessing_the_old_password_is_slowed_down(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    for _ in range(6):
        assert desk.post("/console/saya/sandi", old="x").status_code == 422
    assert desk.post("/console/saya/sandi", old=PASSWORD).status_code == 429


def test_duty_is_turned_on_and_off(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    assert "Anda istirahat" in seen(desk.do("/console/saya/tugas", on="0"))
    assert not account(rig, "siti").on_duty
    assert "Anda bertugas" in seen(desk.do("/console/saya/tugas", on="1"))
    assert account(rig, "siti").on_duty


def test_a_code_links_a_telegram_account(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    desk = Desk(rig).enter("siti")
    found = re.search(r"/petugas_([a-z0-9]{12})", desk.post("/console/saya/telegram").text)
    assert found is not None
    now = rig.clock.now()
    rig.loket.database.write(
        lambda unit: accounts.link_telegram(unit.connection, found[1], "4711", now)
    ).result()
    assert "Akun Telegram tertaut" in seen(desk.get("/console/saya"))
    desk.do("/console/saya/telegram/lepas")
    assert account(rig, "siti").telegram_user is None


# Accounts


def test_an_admin_adds_an_agent_who_sets_a_password(rig: Rig) -> None:
    hire(rig, "ani", "admin")
    boss = Desk(rig).enter("ani")
    made = boss.post(
        "/console/akun",
        page="/console/akun",
        name="<b>Tono</b>",
        login="tono",
        roles=["helpdesk", "front_office"],
    )
    assert "<b>Tono</b>" not in made.text
    link = re.search(r'value="(http://[^"]+/console/sandi/[^"]+)"', made.text)
    assert link is not None
    path = httpx.URL(link[1]).path
    tono = Desk(rig)
    page = tono.get(path)
    assert "tono" in seen(page)
    assert tono.post(path, password=PASSWORD, again=PASSWORD).status_code == 303
    assert tono.get("/console/saya").status_code == 200
    assert Desk(rig).get(path).status_code == 410
    assert account(rig, "tono").roles == "front_office helpdesk"
    assert log_in(Desk(rig), "tono").status_code == 303


def test_a_form_with_a_mistake_keeps_what_was_typed(rig: Rig) -> None:
    hire(rig, "ani", "admin")
    boss = Desk(rig).enter("ani")
    answer = boss.post("/console/akun", page="/console/akun", name="Tono", login="ani", roles="x")
    assert answer.status_code == 422
    assert 'value="Tono"' in answer.text
    assert rig.count("agents") == 1


def test_the_console_keeps_its_last_admin(rig: Rig) -> None:
    ani = hire(rig, "ani", "admin")
    boss = Desk(rig).enter("ani")
    page = f"/console/akun/{ani}"
    assert "satu-satunya" in seen(boss.do(f"{page}/hapus", page=page, sure="1"))
    kept = boss.post(page, page=page, name="Ani", roles="helpdesk", chat_limit="")
    assert kept.status_code == 422
    assert "satu-satunya" in seen(kept)
    assert account(rig, "ani").roles == "admin"


def test_removing_an_account_asks_first(rig: Rig) -> None:
    hire(rig, "ani", "admin")
    siti = hire(rig, "siti", "helpdesk")
    boss = Desk(rig).enter("ani")
    page = f"/console/akun/{siti}"
    assert "Centang dulu" in seen(boss.do(f"{page}/hapus", page=page))
    assert account(rig, "siti").active
    boss.do(f"{page}/hapus", page=page, sure="1")
    assert not account(rig, "siti").active
    assert "aktif lagi" in seen(boss.do(f"{page}/pulihkan", page=page))
    assert account(rig, "siti").password_hash is None


@pytest.mark.parametrize("limit", ["0", "51", "empat", "-1", "99999"])
def test_a_chat_limit_is_a_sensible_number(rig: Rig, limit: str) -> None:
    ani = hire(rig, "ani", "admin")
    boss = Desk(rig).enter("ani")
    page = f"/console/akun/{ani}"
    fields = {"name": "Ani", "roles": "admin"}
    assert boss.post(page, page=page, chat_limit=limit, **fields).status_code == 422
    assert boss.post(page, page=page, chat_limit="3", **fields).status_code == 303
    assert account(rig, "ani").chat_limit == 3


@pytest.mark.parametrize(
    "path", ["/console/akun", "/console/akun/1", "/console/akun/1/hapus", "/console/akun/1/tautan"]
)
def test_accounts_are_for_the_admin_only(rig: Rig, path: str) -> None:
    hire(rig, "ani", "admin")
    hire(rig, "siti", "helpdesk", "admin_lpse")
    desk = Desk(rig).enter("siti")
    before = rig.count("agent_links"), rig.count("agents")
    fields = {"sure": "1", "name": "X", "login": "xx", "roles": "admin"}
    answer = desk.post(path, page="/console/saya", **fields)
    assert answer.status_code in (303, 403)
    assert "Yang bisa: Admin Loket" in seen(answer) or answer.status_code == 303
    assert (rig.count("agent_links"), rig.count("agents")) == before
    assert account(rig, "ani").active


# Whatever else is asked for


def test_an_unknown_page_is_a_page(rig: Rig) -> None:
    hire(rig, "siti", "helpdesk")
    assert Desk(rig).get("/console/tidak-ada").status_code == 303
    desk = Desk(rig).enter("siti")
    answer = desk.get("/console/tidak-ada")
    assert answer.status_code == 404
    assert "Halaman itu tidak ada." in seen(answer)
    assert desk.post("/console/saya", page="/console/saya").status_code == 404
    assert desk.get("/console").headers["location"].endswith("/console/")


def test_a_fault_of_ours_gives_the_text_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    hire(rig, "ani", "admin")
    boss = Desk(rig).enter("ani")
    monkeypatch.setattr(accounts, "add", lambda *_, **__: 1 / 0)
    answer = boss.post("/console/akun", page="/console/akun", name="Tono Wijaya", login="tono")
    assert answer.status_code == 500
    assert "Tono Wijaya" in answer.text


def test_a_database_that_does_not_answer_loses_no_text(rig: Rig) -> None:
    hire(rig, "ani", "admin")
    boss = Desk(rig).enter("ani")
    boss.get("/console/akun")
    database = rig.loket.database
    real = database.write

    def down(job: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(Unavailable("down"))
        return future

    database.write = down  # type: ignore[method-assign]
    try:
        answer = boss.post("/console/akun", name="Tono Wijaya", login="tono", roles="helpdesk")
    finally:
        database.write = real  # type: ignore[method-assign]
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "Tono Wijaya" in answer.text
