"""``loket chat``: the same conversation in a terminal."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from rich.console import Console

from bot import media
from bot.bootstrap import Loket, build, load_engine
from bot.channels.terminal import CHANNEL, TerminalChannel
from bot.config import Channels, Config, Places
from bot.incoming import ConversationKey, Incoming, IncomingFile
from bot.serving import set_up_logging

HINT = "Tulis pesan lalu Enter. /berkas NAMA mengirim berkas, Ctrl+D selesai."


def run(config: Config, places: Places, name: str) -> None:
    """Chat until end of input."""
    set_up_logging("error")
    console = Console()
    config = config.model_copy(update={"channels": Channels(web=False)})
    places = places.model_copy(update={"telegram_token": ""})
    engine = load_engine(config, places.data_dir / "nlu", Console(stderr=True).print)
    answered = asyncio.Event()
    channel = TerminalChannel(console, answered.set)
    loket = build(config, places, engine, channels={CHANNEL: channel})
    try:
        asyncio.run(_talk(loket, console, answered, ConversationKey(CHANNEL, CHANNEL, name)))
    finally:
        loket.close()


async def _talk(
    loket: Loket, console: Console, answered: asyncio.Event, key: ConversationKey
) -> None:
    console.print(f"[dim]{HINT}[/dim]")
    async with loket.running():
        while True:
            try:
                line = await asyncio.to_thread(console.input, "[bold green]> [/]")
            except (EOFError, KeyboardInterrupt):
                return
            incoming = _read(loket, console, key, line)
            if incoming is None:
                continue
            answered.clear()
            await loket.intake.handle(incoming, line.encode())
            try:
                await asyncio.wait_for(answered.wait(), 10)
                await asyncio.sleep(0.2)  # a second message of the same answer
            except TimeoutError:
                console.print("[dim](belum ada jawaban)[/dim]")


def _read(loket: Loket, console: Console, key: ConversationKey, line: str) -> Incoming | None:
    event = uuid.uuid4().hex
    if not line.startswith("/berkas "):
        return Incoming(key, event, text=line, message_id=event)
    path = Path(line.removeprefix("/berkas ").strip()).expanduser()
    try:
        data = path.read_bytes()
    except OSError as error:
        console.print(f"[red]{path} tidak bisa dibaca: {error.strerror}[/red]")
        return None
    reason = media.judge(path.name, "document", data, loket.config.files)
    if reason is not None:
        console.print(f"[red]{path.name} tidak diterima ({reason})[/red]")
        return None
    file = IncomingFile("document", path.name, "", len(data), None, loket.blobs.put(data))
    return Incoming(key, event, files=(file,), message_id=event)
