"""The console's cookies: who is logged in, and who is only at the door."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from bot.staff.sessions import LONGEST

AGENT = "loket_petugas"  # a session's token
GUEST = "loket_tamu"  # a random value that a form at the door is bound to
PROVIDER = "loket_oidc"  # what the way to the provider has to come back with
_LIFE = {
    AGENT: LONGEST + timedelta(days=1),
    GUEST: timedelta(hours=12),
    PROVIDER: timedelta(minutes=10),
}


class Cookies:
    """``address`` is the public one: over https cookies are Secure and bound to the host."""

    def __init__(self, address: str) -> None:
        self._https = address.startswith("https://")

    def name(self, cookie: str) -> str:
        """The cookie's name as browsers have it."""
        return f"__Host-{cookie}" if self._https else cookie

    def read(self, request: Request, cookie: str) -> str:
        """What the browser sent, or nothing."""
        return request.cookies.get(self.name(cookie), "")[:4000]

    def give(self, response: Response, cookie: str, value: str) -> None:
        """Set it, for this host and no script."""
        response.set_cookie(
            self.name(cookie),
            value,
            max_age=int(_LIFE[cookie].total_seconds()),
            path="/",
            secure=self._https,
            httponly=True,
            samesite="lax",
        )

    def take(self, response: Response, cookie: str) -> None:
        """Have the browser forget it."""
        response.delete_cookie(
            self.name(cookie), path="/", secure=self._https, httponly=True, samesite="lax"
        )
