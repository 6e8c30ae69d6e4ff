"""The terminal as a channel: the same conversation, for whoever sets an office up."""

from __future__ import annotations

import re
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from bot.channels.port import Abilities, FileTooBig, Outgoing
from bot.incoming import ConversationKey

CHANNEL = "terminal"


def shown(text: str) -> str:
    """A message as rich prints it: only our own asterisks make bold."""
    return re.sub(r"\*([^*\n]+)\*", r"[bold]\1[/bold]", escape(text))


class TerminalChannel:
    """Prints what goes out; choices come as numbered text. ``shown`` is called after each."""

    name = CHANNEL
    abilities = Abilities(max_text=4000, buttons=0, label=0)

    def __init__(self, console: Console, shown: Callable[[], None]) -> None:
        self._console = console
        self._shown = shown

    async def send(self, out: Outgoing) -> str | None:
        """Print one message; it has no id."""
        self._console.print(
            Panel(shown(out.text), title="Loket", title_align="left", border_style="cyan")
        )
        self._shown()
        return None

    async def sign(self, key: ConversationKey, ack: str | None, *, typing: bool = True) -> None:
        """Nothing to show."""

    async def fetch(self, ref: str, max_bytes: int) -> bytes:
        """Files are stored before the turn."""
        raise FileTooBig(ref)
