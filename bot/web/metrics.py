"""``/metrics`` for Prometheus. Nothing in it is personal, but how busy an office is, and which
versions it runs, is nobody else's business."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.metrics import Metrics
from bot.web.bodies import ApiError

# Whatever came through a proxy carries one of these. A proxy on this machine looks like this
# machine, and not every one says for whom it asks in a header that is believed.
_PASSED_ON = (
    "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via",
)  # fmt: skip


def route(metrics: Metrics, token: str) -> Route:
    """``token``: who shows it as a bearer may read, from anywhere. Without one configured only
    this machine may, directly; for others the page is not there."""

    async def show(request: Request) -> Response:
        _may_read(request, token)
        await metrics.queue.refresh()
        page, media_type = metrics.page(request.headers.get("accept", ""))
        headers = {"Content-Type": media_type, "Cache-Control": "no-store"}
        return Response(page, headers=headers)

    return Route("/metrics", show)


def _may_read(request: Request, token: str) -> None:
    """Raises what refuses the request."""
    if not token:
        if not _from_here(request):
            raise HTTPException(404)
        return
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(shown.strip().encode(), token.encode())
    if scheme.lower() != "bearer" or not right:
        raise ApiError(
            401,
            "no_token",
            "Halaman ini hanya untuk pemantau dengan token yang benar.",
            {"WWW-Authenticate": "Bearer"},
        )


def _from_here(request: Request) -> bool:
    """Whether a program on this machine asks, for itself and by this machine's own name (a page
    in somebody's browser here would ask by another)."""
    asker = request.client.host if request.client else ""
    passed_on = any(name in request.headers for name in _PASSED_ON) or _is_old(request)
    return not passed_on and _is_loopback(asker) and _is_loopback(_called(request))


def _is_old(request: Request) -> bool:
    """Whether it speaks HTTP/1.0, as nginx does that was told nothing but where to pass requests
    on to: it then names nobody, and calls us by this machine's name."""
    return str(request.scope.get("http_version", "")).startswith(("0", "1.0"))


def _called(request: Request) -> str:
    """The name it asks for us by; a broken one is none."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
