"""The web chat as a channel: a message is delivered once it is visible in the database, and
the open pages are told."""

from __future__ import annotations

from bot.channels.port import Abilities, FileTooBig, Outgoing, Refused
from bot.incoming import ConversationKey

CHANNEL = "web"
ACCOUNT = "web"


class WebChannel:
    """Nothing is sent: the page reads."""

    name = CHANNEL
    abilities = Abilities(max_text=8000, buttons=14, label=40, local=True)

    async def send(self, out: Outgoing) -> str | None:
        raise Refused("the web page reads its messages itself")

    async def sign(self, key: ConversationKey, ack: str | None, *, typing: bool = True) -> None:
        """The page shows its own sign."""

    async def fetch(self, ref: str, max_bytes: int) -> bytes:
        raise FileTooBig("files of the web page are stored before the turn")
