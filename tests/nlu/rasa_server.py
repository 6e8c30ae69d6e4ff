"""A Rasa server for tests: it answers as Rasa does, or misbehaves as it is told."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from nlu.engines.port import Engine
from nlu.rasa_json import to_rasa

Answer = Callable[[str], Any]
DRIP_SECONDS = 0.02


def answers_of(engine: Engine) -> Answer:
    """What a Rasa server with this engine for a pipeline would answer. Like Rasa's it strips
    texts, and takes a text that begins with a slash for the name of an intent."""

    def answer(text: str) -> Any:
        text = text.strip()
        if text.startswith("/"):
            named = {"name": text[1:].split("{")[0], "confidence": 1.0}
            return {"text": text, "intent": named, "intent_ranking": [named], "entities": []}
        return to_rasa(engine.parse(text))

    return answer


def greeting(text: str) -> Any:
    """An answer like any other."""
    intents = [{"name": "greet", "confidence": 0.8}, {"name": "thanks", "confidence": 0.2}]
    return {"text": text, "intent": intents[0], "intent_ranking": intents, "entities": []}


class FakeRasa:
    """Listens on a free port of 127.0.0.1. ``mode`` is one of ``MODES`` and may change at any
    time; ``die`` and ``rise`` stop and start it on the same port."""

    def __init__(self, answer: Answer = greeting) -> None:
        self.answer = answer
        self.mode = "good"
        self.texts: list[str] = []
        self.tokens: list[str | None] = []
        self.connections = 0
        self.alive = threading.Event()
        self._port = 0
        self._open: set[socket.socket] = set()
        self.rise()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def rise(self) -> None:
        self.alive.set()
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.fake = self
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def die(self) -> None:
        """Like a killed process: connections break too."""
        if not self.alive.is_set():
            return
        self.alive.clear()
        self._server.shutdown()
        self._thread.join()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def met(self, connection: socket.socket) -> None:
        self.connections += 1
        self._open.add(connection)

    def left(self, connection: socket.socket) -> None:
        self._open.discard(connection)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    fake: FakeRasa

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up here, as they should."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.fake = self.server.fake
        self.fake.met(self.connection)

    def finish(self) -> None:
        self.fake.left(self.connection)
        with suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        return None

    def do_GET(self) -> None:
        self._note_token()
        if self.fake.mode == "good" and self.path.startswith("/version"):
            self.give({"version": "3.6.21", "minimum_compatible_version": "3.5.0"})
        else:
            MODES[self.fake.mode](self, "")

    def do_POST(self) -> None:
        self._note_token()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        text = json.loads(body)["text"]
        self.fake.texts.append(text)
        assert self.headers["Content-Type"] == "application/json"
        if not self.path.startswith("/model/parse"):
            self.plain(404, b"not found")
        else:
            MODES[self.fake.mode](self, text)

    def _note_token(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.fake.tokens.append(query.get("token", [None])[0])

    def give(self, answer: object) -> None:
        self.plain(200, json.dumps(answer).encode())

    def plain(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.fake.alive.is_set() and time.monotonic() < end:
            time.sleep(0.01)

    def endlessly(self, piece: bytes, pause: float) -> None:
        while self.fake.alive.is_set():
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(pause)


def _hangs(handler: _Handler, text: str) -> None:
    handler.wait(60)
    handler.close_connection = True


def _slow(handler: _Handler, text: str) -> None:
    handler.wait(0.5)
    handler.give(handler.fake.answer(text))


def _drips_head(handler: _Handler, text: str) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    handler.endlessly(b"x", DRIP_SECONDS)


def _drips_body(handler: _Handler, text: str) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    handler.endlessly(b" ", DRIP_SECONDS)


def _endless_body(handler: _Handler, text: str) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    handler.endlessly(b" " * 65536, 0)


def _packed(handler: _Handler, text: str) -> None:
    body = gzip.compress(json.dumps(handler.fake.answer(text)).encode())
    handler.plain(200, body, Content_Encoding="gzip")


def _cut(head: bytes) -> Callable[[_Handler, str], None]:
    def behave(handler: _Handler, text: str) -> None:
        handler.wfile.write(head)
        handler.wfile.flush()
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    return behave


def _status(status: int, body: bytes = b"{}", **headers: str) -> Callable[[_Handler, str], None]:
    return lambda handler, text: handler.plain(status, body, **headers)


def _with(**changes: Any) -> Callable[[_Handler, str], None]:
    """The good answer, changed."""
    return lambda handler, text: handler.give({**handler.fake.answer(text), **changes})


def _intent(name: object, confidence: object) -> Callable[[_Handler, str], None]:
    one = {"name": name, "confidence": confidence}
    return _with(intent=one, intent_ranking=[one])


_REGION = {"entity": "region", "value": "Batam", "start": 0, "end": 1}

MODES: dict[str, Callable[[_Handler, str], None]] = {
    "good": lambda handler, text: handler.give(handler.fake.answer(text)),
    "slow": _slow,
    "hangs": _hangs,
    "drips its head": _drips_head,
    "drips its body": _drips_body,
    "cut at once": _cut(b""),
    "cut in the head": _cut(b"HTTP/1.1 200 OK\r\nContent-"),
    "cut in the body": _cut(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"text"'),
    "no HTTP": _cut(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "400": _status(400),
    "401": _status(401),
    "404": _status(404),
    "409": _status(409),
    "500": _status(500, b"Internal error"),
    "204": _status(204, b""),
    "sends elsewhere": _status(307, b"", Location="/model/parse?again=1"),
    "HTML": _status(200, b"<html><body>Welcome to nginx!</body></html>"),
    "nothing": _status(200, b""),
    "half a JSON": _status(200, b'{"text": "hal'),
    "no UTF-8": _status(200, b'{"text": "\xff"}'),
    "nested deeply": _status(200, b"[" * 200_000),
    "a billion bytes": _endless_body,
    "packed": _packed,
    "a list": _status(200, b"[1, 2]"),
    "null": _status(200, b"null"),
    "NaN": _intent("greet", float("nan")),
    "a confidence of 2": _intent("greet", 2.0),
    "a confidence in words": _intent("greet", "high"),
    "a huge number": _intent("greet", 10**400),
    "a number without end": _status(200, b'{"text": ' + b"9" * 5000 + b"}"),
    "an intent we do not know": _intent("nlu_fallback", 0.7),
    "an intent that is a list": _intent(["greet"], 0.7),
    "another text": _with(text="halo juga"),
    "no text": _with(text=None),
    "a ranking that is none": _with(intent_ranking={"greet": 1}),
    "a ranking in no order": _with(
        intent_ranking=[{"name": "greet", "confidence": 0.8}, {"name": "deny", "confidence": 0.9}]
    ),
    "entities that are none": _with(entities="none"),
    "an entity beyond the text": _with(entities=[{**_REGION, "end": 9999}]),
    "an entity backwards": _with(entities=[{**_REGION, "start": 2, "end": 1}]),
    "an also we do not know": _with(also=[{"name": "weather", "confidence": 0.9}]),
    "no intent": _with(intent={"name": None, "confidence": 0.0}, intent_ranking=[]),
}
