"""A Telegram of others to test against: lo-bot-api-emulator, and a relay before it.

The emulator keeps no texts, so the relay keeps what the bot sent. It also gives out files
that a user sent: the emulator knows only those that the bot uploaded.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import httpx

EMULATOR = Path(sys.executable).with_name("lo-bot-api-emulator")
CHAT = 6104412001
Raw = dict[str, Any]


class Emulator:
    """The emulator's process. Bots are told apart by token, so tests can share one."""

    def __init__(self, journal: Path, port: int = 0) -> None:
        port = port or free_port()
        self.url, self.journal = f"http://127.0.0.1:{port}", journal
        flags = ["--enable-control", "--allow-insecure-loopback-webhooks"]
        self._process = subprocess.Popen(
            [str(EMULATOR), "--port", str(port), "--journal", str(journal), *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 15
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        self.close()
        raise RuntimeError("lo-bot-api-emulator did not start")

    def close(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def verdict(self, *methods: str, allowing: tuple[str, ...] = ()) -> Raw:
        """Its own judgement over its journal: ``ok`` only if all ``methods`` were used and
        nothing was refused but ``allowing`` (``getFile:400``)."""
        flags = [flag for method in methods for flag in ("--require-method", method)]
        flags += [flag for pair in allowing for flag in ("--allow-refusal", pair)]
        command = [str(EMULATOR), "verdict", str(self.journal), "--require-response", *flags]
        done = subprocess.run(command, capture_output=True, check=False)
        result: Raw = json.loads(done.stdout)
        return result


class TelegramPeer:
    """One bot's Telegram: the relay before the emulator. ``url`` is the bot's base URL,
    ``sent`` every call of the bot but getUpdates, as (method, fields), ``files`` what users
    sent, by file id."""

    def __init__(self, emulator: Emulator, token: str) -> None:
        self.token = token
        self.sent: list[tuple[str, dict[str, str]]] = []
        self.files: dict[str, bytes] = {}
        self._messages = 0
        self._upstream = emulator.url
        handler = type("Handler", (_Relay,), {"peer": self})
        self._relay = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._relay.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._relay.server_port}"

    def close(self) -> None:
        self._relay.shutdown()
        self._relay.server_close()

    def write(self, text: str, **more: Any) -> int:
        """Somebody writes to the bot; the update's id. ``more`` goes into the message."""
        return self.inject({"message": self.message(text=text, **more)})

    def tap(self, data: str) -> int:
        """Somebody taps a button of the bot's."""
        query = {"id": "99", "from": person(), "chat_instance": "1", "data": data}
        return self.inject({"callback_query": {**query, "message": self.message(text="?")}})

    def message(self, **content: Any) -> Raw:
        self._messages += 1
        chat = {"id": CHAT, "type": "private", "first_name": "Budi"}
        head = {"message_id": self._messages, "date": 1763712000, "chat": chat, "from": person()}
        return {**head, **content}

    def inject(self, update: Raw) -> int:
        """Queue an update (message, callback_query or inline_query only). With a webhook
        set this returns after the delivery was tried once."""
        answer = self._control("updates", {"update": update})
        return int(answer["update_id"])

    def deliver(self) -> int:
        """Try again what the webhook did not take; how many it took."""
        return int(self._control("deliver", {})["delivered"])

    def _control(self, name: str, body: Raw) -> Raw:
        url = f"{self._upstream}/__fixture/{name}"
        answer = httpx.post(url, json={"token": self.token, **body}, timeout=10).json()
        result: Raw = answer["result"]
        return result

    def pending(self) -> int:
        """How many updates nobody has confirmed."""
        answer = httpx.post(f"{self._upstream}/bot{self.token}/getWebhookInfo").json()
        return int(answer["result"]["pending_update_count"])

    def calls(self, method: str) -> list[dict[str, str]]:
        return [fields for name, fields in self.sent if name == method]

    def texts(self) -> list[str]:
        """What the person reads, in order."""
        return [fields["text"] for fields in self.calls("sendMessage")]

    def forward(self, verb: str, path: str, kind: str, body: bytes) -> httpx.Response:
        method = path.rpartition("/")[2]
        if verb == "GET" and method in self.files:
            return httpx.Response(200, content=self.files[method])
        if verb == "POST" and method != "getUpdates":
            self.sent.append((method, _fields(kind, body)))
            if method == "getFile" and (own := self._own_file(self.sent[-1][1]["file_id"])):
                return own
        headers = {"content-type": kind} if kind else {}
        return httpx.request(verb, self._upstream + path, content=body, headers=headers, timeout=60)

    def _own_file(self, ref: str) -> httpx.Response | None:
        if ref not in self.files:
            return None
        found = {"file_id": ref, "file_unique_id": ref, "file_path": ref}
        size = len(self.files[ref])
        return httpx.Response(200, json={"ok": True, "result": {**found, "file_size": size}})


class _Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer: ClassVar[TelegramPeer]

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "")
        try:
            answer = self.peer.forward(self.command, self.path, kind, body)
        except httpx.HTTPError:
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.send_header("Content-Type", answer.headers.get("content-type", "text/plain"))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = _relay

    def log_message(self, *_: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # a long poll was given up
            super().handle()


def _fields(kind: str, body: bytes) -> dict[str, str]:
    """The parameters of a call; an uploaded file is told by its name."""
    if not kind.startswith("multipart/"):
        return dict(parse_qsl(body.decode()))
    fields = {}
    for part in body.split(b"--" + kind.partition("boundary=")[2].encode()):
        head, _, content = part.partition(b"\r\n\r\n")
        named = re.search(rb'name="([^"]*)"(?:; filename="([^"]*)")?', head)
        if named:
            value = content.removesuffix(b"\r\n") if named[2] is None else named[2]
            fields[named[1].decode()] = value.decode()
    return fields


def person() -> Raw:
    return {"id": CHAT, "is_bot": False, "first_name": "Budi"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
