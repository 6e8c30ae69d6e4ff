"""Logging in through the office's OpenID Connect provider: authorization code with PKCE, state
and nonce; Authlib speaks the protocol and verifies what comes back.

An account is never made here. It is found by the provider's subject, which the agent linked
while logged in, or by a verified e-mail address that an admin gave as the login.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from cryptography.fernet import Fernet, InvalidToken
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.config import Oidc
from bot.staff import accounts
from bot.web.console.cookies import PROVIDER
from bot.web.console.desk import agent_of, back
from bot.web.console.guard import ROOT, safe_path
from bot.web.console.login import Login
from handoff.refusal import Refused
from storage.repositories import agents
from storage.unit import Unit

log = logging.getLogger(__name__)

HERE = f"{ROOT}/saya"
_MINUTES = 10  # from leaving for the provider to coming back
_SIGNED = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_FAULTS = (AuthlibBaseError, JoseError, httpx.HTTPError, ValueError, RuntimeError, KeyError)


@dataclass(frozen=True, slots=True)
class _Person:
    """Who the provider says it is."""

    subject: str
    email: str | None


class Provider:
    """The way there and back."""

    def __init__(self, login: Login, settings: Oidc, secret: str) -> None:
        self._login = login
        self._console = login.console
        self._settings = settings
        derived = hmac.new(login.console.counter.key, b"oidc", hashlib.sha256).digest()
        self._seal = Fernet(base64.urlsafe_b64encode(derived))
        self._app: Any = OAuth().register(
            name="office",
            client_id=settings.client_id,
            client_secret=secret,
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "timeout": 10,
            },
        )

    def routes(self) -> list[Route]:
        """Paths below ``/console`` that are open to everybody."""
        return [Route("/oidc/masuk", self.leave), Route("/oidc/kembali", self.come_back)]

    def routes_inside(self) -> list[Route]:
        """Paths for agents who are logged in."""
        return [Route("/oidc/tautkan", self.link)]

    async def leave(self, request: Request) -> Response:
        """Off to the provider; ``ke`` is where to go afterwards."""
        to = safe_path(request.query_params.get("ke", ""))
        return await self._redirect(request, {"to": to})

    async def link(self, request: Request) -> Response:
        """The same, so as to link the account there with this one."""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Refused("Tautkan akun dari halaman Akun saya.")
        return await self._redirect(request, {"to": HERE, "for": agent_of(request).id})

    async def _redirect(self, request: Request, kept: dict[str, Any]) -> Response:
        request.scope["session"] = kept
        try:
            await self._check_metadata()
            response: Response = await self._app.authorize_redirect(
                request, f"{self._console.address}{ROOT}/oidc/kembali"
            )
        except _FAULTS as error:
            return self._failed(request, error)
        sealed = self._seal.encrypt(json.dumps(kept).encode()).decode()
        self._login.cookies.give(response, PROVIDER, sealed)
        return response

    async def come_back(self, request: Request) -> Response:
        """Back from the provider: whoever it is, if their account is here, is let in."""
        kept = self._unsealed(self._login.cookies.read(request, PROVIDER))
        request.scope["session"] = kept
        try:
            person = await self._person(request)
        except _FAULTS as error:
            return self._failed(request, error)
        if "for" in kept:
            response = await self._linked(request, kept["for"], person)
        else:
            response = await self._entered(request, person, safe_path(str(kept.get("to", ""))))
        self._login.cookies.take(response, PROVIDER)
        return response

    async def _person(self, request: Request) -> _Person:
        await self._check_metadata()
        token = await self._app.authorize_access_token(
            request,
            claims_options={
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
            },
        )
        claims = token["userinfo"]  # of the id token, verified
        email = str(claims.get("email", "")).strip().lower()
        verified = claims.get("email_verified") is True
        subject = f"{self._settings.issuer}|{claims['sub']}"
        return _Person(subject, email if email and verified else None)

    async def _check_metadata(self) -> None:
        """The provider is the one that was configured, and signs with a key of its own."""
        metadata = await self._app.load_server_metadata()
        if metadata.get("issuer") != self._settings.issuer:
            self._app.server_metadata.clear()
            raise ValueError("the provider calls itself another issuer than config.yml")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [
            name for name in offered if name in _SIGNED
        ] or ["RS256"]

    async def _linked(self, request: Request, agent_id: int, person: _Person) -> Response:
        if request.state.agent is None or request.state.agent.id != agent_id:
            return self._page(request, 403, "Sesi Anda berganti di tengah jalan. Ulangi lagi.")
        now = self._console.clock.now()
        try:
            await self._console.write(
                lambda unit: accounts.link_subject(unit.connection, agent_id, person.subject, now)
            )
        except Refused as error:
            return back(HERE, str(error), refused=True)
        return back(HERE, "Akun tertaut.")

    async def _entered(self, request: Request, person: _Person, to: str) -> Response:
        now = self._console.clock.now()

        def find(unit: Unit) -> int | None:
            row = agents.by_subject(unit.connection, person.subject)
            if row is None and person.email is not None:
                row = agents.by_login(unit.connection, person.email)
                if row is None or row.subject is not None or not row.active:
                    return None
                accounts.link_subject(unit.connection, row.id, person.subject, now)
            return row.id if row is not None and row.active else None

        agent_id = await self._console.write(find)
        if agent_id is None:
            return self._page(
                request,
                403,
                f"{self._settings.label} Anda belum tertaut ke akun petugas mana pun. Masuk dengan "
                "kata sandi, lalu tautkan di halaman Akun saya.",
            )
        return await self._login.let_in(request, agent_id, to)

    def _unsealed(self, sealed: str) -> dict[str, Any]:
        try:
            found = json.loads(self._seal.decrypt(sealed.encode(), ttl=_MINUTES * 60))
        except (InvalidToken, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _failed(self, request: Request, error: Exception) -> Response:
        """The provider does not answer, or what it answered is not valid: nobody is let in."""
        log.warning("the OIDC provider: %s: %s", type(error).__name__, error)
        return self._page(
            request, 502, f"Masuk dengan {self._settings.label} tidak berhasil. Coba lagi nanti."
        )

    def _page(self, request: Request, status: int, sentence: str) -> Response:
        response = self._console.page(request, "gone", status, sentence=sentence)
        self._login.cookies.take(response, PROVIDER)
        return response
