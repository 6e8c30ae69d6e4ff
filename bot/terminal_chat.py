"""``loket chat``: the same conversation in a terminal."""

from __future__ import annotations

import asyncio
import os
import threading
import uuid
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from bot import media
from bot.bootstrap import Loket, build, check_places, load_engine
from bot.channels.terminal import CHANNEL, TerminalChannel
from bot.config import Channels, Config
from bot.ears import release
from bot.incoming import ConversationKey, Incoming, IncomingFile
from bot.places import Places
from bot.serving import set_up_logging
from storage.database import Unavailable

STDIN = 0
HINT = "Tulis pesan lalu Enter. /berkas NAMA mengirim berkas, Ctrl+D selesai."


def run(config: Config, places: Places, name: str) -> None:
    """Chat until end of input."""
    set_up_logging("error")
    console = Console()
    config = config.model_copy(update={"channels": Channels(web=False)})
    places = places.model_copy(update={"telegram_token": ""})
    check_places(config, places)
    say = Console(stderr=True).print
    engine = load_engine(config, places.data_dir / "nlu", say, places.rasa_token)
    answered = asyncio.Event()
    channel = TerminalChannel(console, answered.set)
    loket = build(config, places, engine, channels={CHANNEL: channel})
    try:
        asyncio.run(_talk(loket, console, answered, ConversationKey(CHANNEL, CHANNEL, name)))
    finally:
        loket.close()
        release(engine)


async def _talk(
    loket: Loket, console: Console, answered: asyncio.Event, key: ConversationKey
) -> None:
    console.print(f"[dim]{HINT}[/dim]")
    lines = _lines(asyncio.get_running_loop())
    async with loket.running():
        while True:
            console.print("[bold green]> [/]", end="")
            line = await lines.get()
            if line is None:
                return
            incoming = _read(loket, console, key, line)
            if incoming is not None:
                await _ask(loket, console, answered, incoming)


async def _ask(loket: Loket, console: Console, answered: asyncio.Event, incoming: Incoming) -> None:
    answered.clear()
    try:
        await loket.intake.handle(incoming, incoming.text.encode())
        async with asyncio.timeout(10):  # wait_for may swallow a Ctrl+C that comes with an answer
            await answered.wait()
        await asyncio.sleep(0.2)  # a second message of the same answer
    except TimeoutError:
        console.print("[dim](belum ada jawaban)[/dim]")
    except Unavailable as error:
        console.print(f"[red]Belum tersimpan, coba lagi ({escape(str(error))})[/red]")


def _lines(loop: asyncio.AbstractEventLoop) -> asyncio.Queue[str | None]:
    """The lines of standard input, then None. Read with ``os.read`` in a thread that nobody
    waits for: so Ctrl+C ends the chat at once, wherever the lines come from."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def put(line: bytes | None) -> None:
        text = None if line is None else line.decode(errors="replace")
        with suppress(RuntimeError):  # the chat is over
            loop.call_soon_threadsafe(lines.put_nowait, text)

    def read() -> None:
        rest = b""
        with suppress(OSError):  # the terminal is gone
            while data := os.read(STDIN, 1 << 16):
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    put(line)
        if rest:
            put(rest)
        put(None)

    threading.Thread(target=read, name="loket-keyboard", daemon=True).start()
    return lines


def _read(loket: Loket, console: Console, key: ConversationKey, line: str) -> Incoming | None:
    event = uuid.uuid4().hex
    word, _, name = line.strip().partition(" ")
    if word != "/berkas":
        return Incoming(key, event, text=line, message_id=event)
    if not name.strip():
        console.print(f"[dim]{HINT}[/dim]")
        return None
    file = _file(loket, console, name.strip())
    return None if file is None else Incoming(key, event, files=(file,), message_id=event)


def _file(loket: Loket, console: Console, name: str) -> IncomingFile | None:
    try:
        path = Path(name).expanduser()
        data = path.read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        console.print(f"[red]{escape(name)} tidak bisa dibaca: {escape(str(reason))}[/red]")
        return None
    kind, mime = media.described(path.name, "")
    refusal = media.judge(path.name, kind, data, loket.config.files)
    if refusal is not None:
        sentence = loket.turns.desk.texts.render(
            "file_refused",
            reason=refusal,
            name=path.name,
            max_mb=loket.config.files.max_mb,
            types=loket.config.files.types,
            office=loket.config.office,
        )
        console.print(f"[red]{escape(sentence)}[/red]")
        return None
    return IncomingFile(kind, path.name, mime, len(data), None, loket.blobs.put(data))
