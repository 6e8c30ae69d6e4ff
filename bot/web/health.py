"""``/healthz`` and ``/readyz``, for whoever starts processes anew and sends them requests."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.health import Health, Report


def routes(health: Health) -> list[Route]:
    """Open to everybody: they say no more than what works."""

    async def alive(request: Request) -> Response:
        return _answer(await health.alive())

    async def ready(request: Request) -> Response:
        return _answer(await health.ready())

    return [Route("/healthz", alive), Route("/readyz", ready)]


def _answer(report: Report) -> Response:
    body = {"status": "ok" if report.good else "unavailable", "checks": report.checks}
    return JSONResponse(body, 200 if report.good else 503, {"Cache-Control": "no-store"})
