"""An agent's browser at the console, without a network: keeps cookies, sends forms with their
token, and looks at every answer's headers."""

from __future__ import annotations

import html
import re
from http.cookies import SimpleCookie
from typing import Any

import httpx

from bot.staff import sessions
from storage.unit import Unit
from tests.bot.webchat import HEADERS
from tests.rig import Rig

COOKIE = "loket_petugas"


class Desk:
    """One browser. ``host`` is its address; ``last`` the page it shows."""

    def __init__(self, rig: Rig, host: str = "127.0.0.1") -> None:
        self.rig = rig
        self.host = host
        self.cookies: dict[str, str] = {}
        self.base = "http://loket.test"
        self.last: httpx.Response | None = None

    def enter(self, login: str) -> Desk:
        """Begin a session of an agent without the login page."""
        now, agent_id = self.rig.clock.now(), self.rig.agents[login]

        def begin(unit: Unit) -> str:
            return sessions.begin(unit.connection, agent_id, now)

        self.cookies[COOKIE] = self.rig.loket.database.write(begin).result()
        return self

    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        """One request, redirects not followed."""
        transport = httpx.ASGITransport(self.rig.loket.app, client=(self.host, 1))
        async with httpx.AsyncClient(
            transport=transport, base_url=self.base, cookies=self.cookies
        ) as client:
            answer = await client.request(method, path, **what)
        for given in answer.headers.get_list("set-cookie"):
            self._keep(given)
        for name, value in HEADERS.items():
            assert re.fullmatch(value, answer.headers[name]), f"{name}: {answer.headers.get(name)}"
        assert "Traceback" not in answer.text
        return answer

    def _keep(self, given: str) -> None:
        """A cookie, as a browser keeps or drops it."""
        for name, morsel in SimpleCookie(given).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value

    def call(self, method: str, path: str, **what: Any) -> httpx.Response:
        """The same, from outside the loop."""
        answer: httpx.Response = self.rig.run(self.ask(method, path, **what))
        return answer

    def get(self, path: str, **what: Any) -> httpx.Response:
        """A page; it stays open."""
        self.last = self.call("GET", path, **what)
        return self.last

    def hidden(self, name: str) -> str:
        """A hidden field of the open page: ``csrf``, ``nonce``."""
        assert self.last is not None
        found = re.search(rf'name="{name}" value="([^"]*)"', self.last.text)
        assert found is not None, f"no {name} in the page"
        return html.unescape(found[1])

    def post(self, path: str, *, page: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form of the open page (``page`` is opened first)."""
        if page is not None or self.last is None:
            self.get(page or "/console/saya")
        data = {"csrf": self.hidden("csrf"), "nonce": self.hidden("nonce"), **fields}
        return self.call("POST", path, data=data)

    def do(self, path: str, *, page: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form and follow to the page that says what became of it."""
        answer = self.post(path, page=page, **fields)
        assert answer.status_code == 303, f"{answer.status_code}: {seen(answer)}"
        return self.get(answer.headers["location"])


def seen(answer: httpx.Response) -> str:
    """The words of a page."""
    body = re.sub(r"(?s)<(script|style).*?</\1>", " ", answer.text)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
