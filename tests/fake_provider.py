"""A small OpenID Connect provider with a key of its own: whoever is sent to it is ``person``, and
``bend`` makes its tokens wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.process import eventually, quiet_port

CLIENT, SECRET = "loket", "a secret of the office"


class FakeProvider:
    """Discovery, authorization, token and key endpoints; PKCE and the secret are checked."""

    def __init__(self) -> None:
        self.issuer = ""
        self.says_issuer: str | None = None
        self.person: dict[str, Any] = {"sub": "p-1"}
        self.bend: Callable[[dict[str, Any]], None] = lambda claims: None
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.signs_with = self.key
        self.refused: list[str] = []
        self._codes: dict[str, httpx.QueryParams] = {}

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Open on a port of its own."""
        port = quiet_port()
        self.issuer = f"http://127.0.0.1:{port}/realm"
        app = Starlette(
            routes=[
                Route("/realm/.well-known/openid-configuration", self._metadata),
                Route("/realm/token", self._token, methods=["POST"]),
                Route("/realm/keys", self._keys),
            ]
        )
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            eventually(lambda: server.started)
            yield
        finally:
            server.should_exit = True
            thread.join()

    def consent(self, url: str) -> str:
        """The person says yes; the address they are sent back to."""
        asked = httpx.URL(url)
        assert str(asked).startswith(f"{self.issuer}/authorize?"), url
        assert asked.params["response_type"] == "code"
        assert asked.params["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked.params
        back = httpx.URL(asked.params["redirect_uri"])
        return str(back.copy_merge_params({"code": code, "state": asked.params["state"]}))

    async def _metadata(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.says_issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        asked = self._codes.pop(str(form.get("code")), None)
        verifier = str(form.get("code_verifier", ""))
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        plain = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        known = request.headers.get("authorization") in (f"Basic {basic}", f"Basic {plain}")
        if asked is None or challenge != asked["code_challenge"] or not known:
            self.refused.append(str(dict(form)))
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            **self.person,
        }
        self.bend(claims)
        algorithm = claims.pop("alg", "RS256")
        token = _unsigned(claims) if algorithm == "none" else self._signed(claims)
        return JSONResponse({"access_token": "t", "token_type": "Bearer", "id_token": token})

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signs_with)


def _unsigned(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}."
