"""The rasa engine: asks a Rasa server what a text means.

Source: Rasa 3.6, HTTP API (``POST /model/parse``, ``GET /version``, ``?token=``).
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

import httpx

from nlu.engines.background import Background
from nlu.engines.guarded import ParseFailed
from nlu.rasa_json import NotParseResult, from_rasa
from nlu.text.entities import find_entities
from nlu.understanding import Understanding

MOST_BYTES = 1 << 20
MOST_CHARACTERS = 4000  # what the builtin engine reads of a message too
MOST_CONNECTIONS = 8
# Shorter than the five seconds after which Sanic, under Rasa, closes a quiet connection.
KEPT_SECONDS = 4.0
_NAME = re.compile(r"[\w/+-]{1,60}")
# Rasa takes a text that begins with a slash for the name of an intent, and strips texts.
_LEAD = re.compile(r"[\s/]*")
_STATUSES = {
    400: "it cannot read our request (400).",
    401: "it refuses the token (401); look at LOKET_RASA_TOKEN.",
    403: "it refuses the token (403); look at LOKET_RASA_TOKEN.",
    404: "it has no such page (404); is it a Rasa server, started with --enable-api?",
    409: "it has no model loaded (409).",
}


@dataclass(frozen=True, slots=True)
class RasaServer:
    """Where it is. Times in seconds: ``timeout`` for a whole call, ``connect`` for a
    connection."""

    url: str
    token: str = field(default="", repr=False)
    timeout: float = 1.0
    connect: float = 0.3


class RasaClient:
    """A ``Fallible`` engine: each call is made once and takes its time-out at most.

    ``intents`` are the domain's; an answer that names another is none, since nothing in the
    conversation would know what to do with it.
    """

    name = "rasa"

    def __init__(self, server: RasaServer, intents: frozenset[str]) -> None:
        self._server = server
        self._intents = intents
        self._background = Background("loket-rasa")
        self._client = httpx.AsyncClient(
            base_url=server.url,
            params={"token": server.token} if server.token else None,
            headers={"Accept-Encoding": "identity"},
            timeout=httpx.Timeout(server.timeout, connect=server.connect),
            limits=httpx.Limits(max_connections=MOST_CONNECTIONS, keepalive_expiry=KEPT_SECONDS),
            verify=ssl.create_default_context() if server.url.startswith("https") else False,
            trust_env=False,  # users' texts go to this server and through no proxy
        )

    def parse(self, text: str) -> Understanding:
        """Raises ParseFailed. Entities are found here, whatever the server finds: each has a
        form, and what is done with them (finding a ticket, prefilling) needs that form."""
        lead = _lead(text)
        said = text[lead : lead + MOST_CHARACTERS].rstrip()
        entities = find_entities(text)
        if not said:
            return Understanding(text, entities=entities)
        said = said.encode(errors="replace").decode()  # lone surrogates: no JSON holds them
        answer = self._call("POST", "model/parse", json.dumps({"text": said}).encode())
        return replace(self._checked(answer, said), text=text, entities=entities)

    def version(self) -> str:
        """The server's version, such as 3.6.21. Raises ParseFailed."""
        answer = self._call("GET", "version")
        version = answer.get("version") if isinstance(answer, dict) else None
        if not isinstance(version, str) or not re.fullmatch(r"[\w.+-]{1,40}", version):
            raise ParseFailed("answer", "it does not say which Rasa it is.")
        return version

    def close(self) -> None:
        """Let connections and the thread go; a later call fails."""
        self._background.close(self._client.aclose)

    def _call(self, method: str, path: str, body: bytes | None = None) -> Any:
        """The decoded JSON of an answer. Raises ParseFailed."""
        try:
            fetch = partial(self._fetch, method, path, body)
            raw = self._background.run(fetch, self._server.timeout)
        except httpx.ConnectTimeout:
            raise ParseFailed("unreachable", _no_connection(self._server.connect)) from None
        except (TimeoutError, httpx.TimeoutException):
            seconds = f"{self._server.timeout:g} s"
            raise ParseFailed("timeout", f"no answer within {seconds}.") from None
        except httpx.ConnectError:
            raise ParseFailed("unreachable", "there is no connection.") from None
        except httpx.HTTPError:
            raise ParseFailed("cut", "the connection broke.") from None
        try:
            return json.loads(raw.decode())
        except (ValueError, RecursionError):
            raise ParseFailed("answer", "its answer is no JSON.") from None

    async def _fetch(self, method: str, path: str, body: bytes | None) -> bytes:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        async with self._client.stream(method, path, content=body, headers=headers) as response:
            _look_at(response.status_code, response.headers)
            parts = bytearray()
            async for part in response.aiter_raw():
                parts += part
                if len(parts) > MOST_BYTES:
                    raise ParseFailed("answer", "its answer is far too long.")
        return bytes(parts)

    def _checked(self, answer: object, said: str) -> Understanding:
        try:
            found = from_rasa(answer)
        except (NotParseResult, OverflowError):  # its message may hold the user's text
            raise ParseFailed("answer", "its answer is no parse result.") from None
        if found.text != said:
            raise ParseFailed("answer", "its answer is about another text.")
        if found.intent is None:
            raise ParseFailed("no_intent", "it finds no intent in this text.", counts=False)
        for intent in (*found.intent_ranking, *found.also):
            if intent.name not in self._intents:
                name = intent.name if _NAME.fullmatch(intent.name) else "(no plain name)"
                sentence = f"it names an intent that nlu/domain.yml does not have: {name}."
                raise ParseFailed("answer", sentence)
        if any(one.confidence < next_.confidence for one, next_ in pairwise(found.intent_ranking)):
            raise ParseFailed("answer", "its intent is not the first of its ranking.")
        return found


def _look_at(status: int, headers: Mapping[str, str]) -> None:
    """Raises ParseFailed for what cannot be a parse result."""
    if status != httpx.codes.OK:
        raise ParseFailed("status", _STATUSES.get(status, f"it answers with status {status}."))
    if headers.get("content-encoding", "identity") != "identity":
        raise ParseFailed("answer", "its answer is packed.")


def _no_connection(seconds: float) -> str:
    return f"there is no connection within {seconds:g} s."


def _lead(text: str) -> int:
    """How many characters at the front are kept from the server."""
    found = _LEAD.match(text)
    return found.end() if found else 0
