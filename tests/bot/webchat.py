"""A browser's view of the web chat's API: every answer is held against openapi.yml."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import yaml

from tests.rig import ROOT, Rig

SPEC: dict[str, Any] = yaml.safe_load((ROOT / "bot" / "web" / "openapi.yml").read_bytes())
HEADERS = {
    "content-security-policy": r".*default-src 'self'.*frame-ancestors 'none'.*",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": ".+",
}
_ids = itertools.count(1)


class Api:
    """The application without a network. ``host`` is the caller's address."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    async def ask(
        self, method: str, path: str, *, host: str = "127.0.0.1", **what: Any
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.rig.loket.app, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://loket.test") as client:
            answer = await client.request(method, path, **what)
        return check(answer)

    def call(self, method: str, path: str, **what: Any) -> httpx.Response:
        """One request, from outside the loop."""
        answer: httpx.Response = self.rig.run(self.ask(method, path, **what))
        return answer

    def open(self, token: str | None = None, **body: str) -> Browser:
        """A new session; with ``token`` the one it belongs to goes along."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.call("POST", "/webchat/sessions", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return Browser(self, answer.json()["session"])


class Browser:
    """One device in one conversation."""

    def __init__(self, api: Api, token: str) -> None:
        self.api = api
        self.token = token
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        headers = {**self.headers, **what.pop("headers", {})}
        return await self.api.ask(method, path, headers=headers, **what)

    def call(self, method: str, path: str, **what: Any) -> httpx.Response:
        answer: httpx.Response = self.api.rig.run(self.ask(method, path, **what))
        return answer

    def post(self, message_id: str | None = None, **body: Any) -> httpx.Response:
        """A text or a choice, as JSON."""
        content = {"message_id": message_id or new_id(), **body}
        return self.call("POST", "/webchat/messages", json=content)

    def send(
        self, *files: tuple[str, bytes, str], message_id: str | None = None, text: str | None = None
    ) -> httpx.Response:
        """Files (name, bytes, media type), perhaps with a caption."""
        data = {"message_id": message_id or new_id()} | ({} if text is None else {"text": text})
        parts = [("file", file) for file in files]
        return self.call("POST", "/webchat/messages", data=data, files=parts)

    def page(self, after: int = 0) -> dict[str, Any]:
        answer = self.call("GET", f"/webchat/messages?after={after}")
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    def messages(self, after: int = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page(after)["messages"]
        return found

    def say(self, text: str) -> list[dict[str, Any]]:
        """Say something, let the breath pass; what is said back."""
        taken = self.post(text=text)
        assert taken.status_code == 202, taken.text
        self.api.rig.settle()
        return self.messages(taken.json()["seq"])

    def choices(self) -> dict[str, str]:
        """Label to id, of the newest message that has any."""
        found = next((m["choices"] for m in reversed(self.messages()) if m["choices"]), [])
        return {choice["label"]: choice["id"] for choice in found}

    def tap(self, label: str) -> list[dict[str, Any]]:
        taken = self.post(choice=self.choices()[label])
        assert taken.status_code == 202, taken.text
        self.api.rig.settle()
        return self.messages(taken.json()["seq"])

    def open_ticket(self) -> dict[str, Any]:
        """Fill the whole form; the message that announces the number."""
        for answer in ("buat tiket", "Budi Santoso", "CV Maju", "Jl. Sudirman 5, Batam"):
            self.say(answer)
        self.say("0812-3456-7890")
        self.tap("Penyedia")
        self.say("gagal upload penawaran, muncul error 500")
        self.tap("Lanjut")
        self.tap("Lewati semua")
        self.tap("Tidak ada")
        said = self.tap("Kirim")
        return next(message for message in said if message["link"])

    @asynccontextmanager
    async def live(self, after: int | None = None, **headers: str) -> AsyncIterator[Live]:
        """The open stream of events."""
        live = Live(self, after, headers)
        self.api.rig.loket.bells.pages.listen()
        task = asyncio.create_task(live.run())
        try:
            yield live
        finally:
            live.gone.set()
            await asyncio.wait_for(task, 5)


class Live:
    """Reads a stream of events as a browser does."""

    def __init__(self, browser: Browser, after: int | None, headers: Mapping[str, str]) -> None:
        self.gone = asyncio.Event()
        self.over = asyncio.Event()
        self.headers: dict[str, str] = {}
        self._asked = False
        self._app = browser.api.rig.loket.app
        self._parts: asyncio.Queue[str] = asyncio.Queue()
        self._text = ""
        given = {**browser.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/webchat/events",
            "raw_path": b"/webchat/events",
            "root_path": "",
            "query_string": b"" if after is None else f"after={after}".encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("loket.test", 80),
        }

    async def run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            self.over.set()

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200
            self.headers = {k.decode().lower(): v.decode() for k, v in message["headers"]}
        else:
            self._parts.put_nowait(message.get("body", b"").decode())

    async def block(self) -> dict[str, str]:
        """The next block, field by field; a comment has the field ``""``."""
        while "\n\n" not in self._text:
            self._text += await asyncio.wait_for(self._parts.get(), 5)
        block, self._text = self._text.split("\n\n", 1)
        fields = (line.partition(":") for line in block.split("\n"))
        return {name: value.strip() for name, _, value in fields}

    async def event(self, name: str) -> Any:
        """The data of the next event of that name; comments and others are passed by."""
        while (block := await self.block()).get("event") != name:
            continue
        data = json.loads(block["data"])
        if name == "message":
            assert block["id"] == str(data["seq"])
            fits(schema("Message"), data)
        return data

    async def quiet(self, seconds: float = 0.2) -> bool:
        """Whether nothing but comments comes for a while."""
        try:
            async with asyncio.timeout(seconds):
                while "event" not in await self.block():
                    continue
        except TimeoutError:
            return True
        return False

    async def ended(self) -> bool:
        try:
            await asyncio.wait_for(self.over.wait(), 5)
        except TimeoutError:
            return False
        return True


def new_id() -> str:
    """A message id that was not used before."""
    return f"m-{next(_ids)}"


def error_code(answer: httpx.Response) -> str:
    code: str = answer.json()["error"]["code"]
    return code


def check(answer: httpx.Response) -> httpx.Response:
    """What holds for every answer, and what openapi.yml says about this one."""
    for name, value in HEADERS.items():
        assert re.fullmatch(value, answer.headers[name]), f"{name} is {answer.headers.get(name)}"
    path = re.sub(r"(?<=/files/).+", "{id}", answer.request.url.path)
    operation = SPEC["paths"].get(path, {}).get(answer.request.method.lower())
    if answer.status_code >= 400:
        _check_error(answer)
    if operation is not None:
        documented = operation["responses"]
        assert str(answer.status_code) in documented, f"{answer.status_code}: {answer.text}"
        _check_documented(answer, _resolved(documented[str(answer.status_code)]))
    return answer


def _check_error(answer: httpx.Response) -> None:
    assert "Traceback" not in answer.text
    if answer.request.method == "HEAD":
        return
    fits(schema("Error"), answer.json())
    message = answer.json()["error"]["message"]
    assert message[0].isupper() or message[0] == '"', message
    assert message.rstrip().endswith("."), message
    assert not re.search(r"\b(the|error|invalid|not|request|field)\b", message), message
    if answer.status_code in (429, 503):
        assert answer.headers["retry-after"].isdigit()


def _check_documented(answer: httpx.Response, described: dict[str, Any]) -> None:
    for name, header in described.get("headers", {}).items():
        rule = _resolved(header)["schema"]
        if "const" in rule:
            assert answer.headers[name] == rule["const"], name
        if "enum" in rule:
            assert answer.headers[name] in rule["enum"], name
    content = described.get("content", {})
    if "application/json" in content:
        assert answer.headers["content-type"] == "application/json"
        fits(_resolved(content["application/json"]["schema"]), answer.json())


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = SPEC["components"]["schemas"][name]
    return found


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        at: Any = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        node = at
    return node


_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
}


def fits(rule: dict[str, Any], value: Any, where: str = "$") -> None:
    """As much of JSON Schema as openapi.yml uses; unknown keys of an object are refused."""
    rule = _resolved(rule)
    types = [rule["type"]] if isinstance(rule.get("type"), str) else rule.get("type", [])
    assert not types or any(isinstance(value, _TYPES[name]) for name in types), (
        f"{where}: {value!r}"
    )
    if "enum" in rule:
        assert value in rule["enum"], f"{where}: {value!r}"
    if isinstance(value, str):
        assert re.search(rule.get("pattern", ""), value), f"{where}: {value!r}"
        assert rule.get("minLength", 0) <= len(value) <= rule.get("maxLength", 10**9), where
    if isinstance(value, int | float):
        assert value >= rule.get("minimum", value), f"{where}: {value!r}"
    if isinstance(value, list) and "items" in rule:
        for at, item in enumerate(value):
            fits(rule["items"], item, f"{where}[{at}]")
    if isinstance(value, dict) and "properties" in rule:
        assert set(rule.get("required", ())) <= set(value), f"{where}: {sorted(value)}"
        for key, item in value.items():
            assert key in rule["properties"], f"{where}.{key} is not in openapi.yml"
            fits(rule["properties"][key], item, f"{where}.{key}")
