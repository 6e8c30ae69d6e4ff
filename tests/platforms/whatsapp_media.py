"""The files on the fake WhatsApp: uploads, what users sent, and addresses that expire.

Source: WhatsApp Cloud API, "Media".
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.platforms.serving import Refusal, read
from tests.platforms.whatsapp_rules import GraphError
from tests.platforms.whatsapp_users import Media

if TYPE_CHECKING:
    from tests.platforms.whatsapp import FakeWhatsApp


class Shelf:
    """``media`` is every file by its id; ``lives`` how long an address works, in seconds;
    ``downloads`` the ids whose bytes were given out."""

    def __init__(self, fake: FakeWhatsApp) -> None:
        self.media: dict[str, Media] = {}
        self.lives = 300.0
        self.downloads: list[str] = []
        self._fake = fake
        self._urls: dict[str, tuple[str, float]] = {}

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/media/{media_id}/{nonce}", self._download),
            Route("/{version}/{phone_id}/media", self._upload, methods=["POST"]),
            Route("/{version}/{media_id}", self._about),
        ]

    def store(self, content: bytes, mime: str) -> Media:
        """A file that a user sends."""
        faults = self._fake.faults
        lie = faults.rng.choice(("type", "sha256")) if faults.hit("media_lies") else ""
        media = Media(str(1013859600000000 + self._fake.new_id()), content, mime, lie)
        self.media[media.id] = media
        return media

    def expire(self) -> None:
        """No address that was given out works any more."""
        self._urls.clear()

    async def _upload(self, request: Request) -> Response:
        try:
            await read(request)
            self._fake.allow(request)
            async with request.form() as form:
                file = form.get("file")
                if form.get("messaging_product") != "whatsapp" or not form.get("type"):
                    raise GraphError(100, "messaging_product and type")
                if file is None or isinstance(file, str):
                    raise GraphError(131053, "file")
                ref = str(2013859600000000 + self._fake.new_id())
                self.media[ref] = Media(ref, await file.read(), str(form["type"]))
        except GraphError as error:
            return error.answer()
        except Refusal as refusal:
            return refusal.answer
        return JSONResponse({"id": ref})

    async def _about(self, request: Request) -> Response:
        try:
            self._fake.allow(request)
            ref = request.path_params["media_id"]
            if ref == self._fake.phone_id:
                about = {"id": ref, "display_phone_number": self._fake.display}
                return JSONResponse({**about, "verified_name": "LPSE"})
            media = self.media.get(ref)
            if media is None:
                raise GraphError(100, "no such media")
        except GraphError as error:
            return error.answer()
        nonce = str(self._fake.new_id())
        self._urls[nonce] = (media.id, self._fake.clock() + self.lives)
        about = {"messaging_product": "whatsapp", "id": media.id, "mime_type": media.told_mime()}
        sha256 = hashlib.sha256(media.content).hexdigest()
        url = f"{self._fake.url}/media/{media.id}/{nonce}"
        size = len(media.content)
        return JSONResponse({**about, "url": url, "sha256": sha256, "file_size": size})

    async def _download(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {self._fake.token}":
            return Response(status_code=401)
        ref, end = self._urls.get(request.path_params["nonce"], ("", 0.0))
        media = self.media.get(ref)
        if media is None or end < self._fake.clock() or self._fake.faults.hit("media_gone"):
            return Response(status_code=404)
        self.downloads.append(ref)
        return Response(media.content, media_type=media.mime)
