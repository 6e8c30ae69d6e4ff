"""From a reply in our words to messages a channel can show: choices become buttons or
numbered text, long text is split at paragraphs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from bot.channels.port import Abilities, Button
from dialogs.reply import Attached, Choice, Reply, RowClass

OLD = -1


@dataclass(frozen=True, slots=True)
class Words:
    """One outgoing message as it is stored: its text, and the rest as JSON. ``carries_file``:
    the reply's file goes with this one."""

    text: str
    row_class: RowClass
    body: str | None = None
    carries_file: bool = False


def render(
    reply: Reply,
    abilities: Abilities,
    step: int,
    *,
    link: tuple[str, int] | None = None,
    hide_keyboard: bool = False,
) -> tuple[Words, ...]:
    """The messages of a reply, in order; choices, link and keyboard go with the last. The file
    goes with it too, or before all words where they do not fit beside it. ``link`` is (purpose,
    id) of a private link made for it."""
    buttons = _as_buttons(reply.choices, abilities, step)
    text = reply.text if buttons or not reply.choices else _numbered(reply.text, reply.choices)
    limit = abilities.choice_text if buttons and abilities.choice_text else abilities.max_text
    apart = reply.file is not None and _stands_alone(text, buttons, abilities)
    parts = _parts(text, abilities.max_text, limit)
    body: dict[str, object] = {
        "choices": [list(filter(None, (b.data, b.label, b.detail))) for b in buttons],
        "ask_phone": reply.ask_phone and abilities.ask_phone,
        "hide_keyboard": hide_keyboard,
        "link": list(link) if link else None,
    }
    file = _file(reply.file)
    first = (Words("", reply.row_class, _json(file), carries_file=True),) if apart else ()
    beside = {} if apart else file
    return (
        *first,
        *(Words(part, reply.row_class) for part in parts[:-1]),
        Words(parts[-1], reply.row_class, _json(body | beside), carries_file=bool(beside)),
    )


def _parts(text: str, longest: int, last: int) -> list[str]:
    parts = list(split(text, longest))
    return [*parts[:-1], *split(parts[-1], last)]


def _stands_alone(text: str, buttons: tuple[Button, ...], abilities: Abilities) -> bool:
    """Whether a file has to go before its words: they are too long for a caption, or carry
    choices, where the channel has a limit for captions at all."""
    longest = abilities.caption
    return bool(longest) and (bool(buttons) or _units(text) > longest)


def _json(body: dict[str, object]) -> str | None:
    kept = {key: value for key, value in body.items() if value}
    return json.dumps(kept, ensure_ascii=False) if kept else None


def _file(file: Attached | None) -> dict[str, object]:
    if file is None:
        return {}
    parts = {"kind": file.kind, "name": file.name, "mime": file.mime, "blob": file.blob}
    return {"file": parts, "file_id": file.attachment_id}


def parse_choice(data: str) -> tuple[int, str]:
    """(step, value) of a button's data; what we never sent counts as an old button."""
    step, colon, value = data.partition(":")
    if not colon or not step.isascii() or not step.isdigit() or len(step) > 12:
        return OLD, data[:64]
    return int(step), value


def _as_buttons(choices: tuple[Choice, ...], abilities: Abilities, step: int) -> tuple[Button, ...]:
    labels = [choice.label for choice in choices]
    longest = max(map(len, labels), default=0)
    if len(choices) <= abilities.buttons and longest <= abilities.label:
        return tuple(Button(f"{step}:{c.value}", c.label) for c in choices)
    unique = len(set(labels)) == len(labels)
    if unique and len(choices) <= abilities.rows and longest <= abilities.row_label:
        return tuple(Button(f"{step}:{c.value}", c.label, c.detail) for c in choices)
    return ()


def _numbered(text: str, choices: tuple[Choice, ...]) -> str:
    """The choices as a list; one alone is typed by its name, numbers by themselves."""
    if len(choices) == 1:
        return f"{text}\n\nKetik *{choices[0].label}*."
    if all(choice.label == str(n) for n, choice in enumerate(choices, 1)):
        return f"{text}\n\nBalas dengan angkanya."
    lines = (f"{n}. {choice.label}" for n, choice in enumerate(choices, 1))
    return "\n".join((text, "", *lines, "", "Balas dengan angkanya."))


def split(text: str, limit: int) -> Iterator[str]:
    """Pieces of at most ``limit`` UTF-16 units, cut at paragraphs, else lines, else words,
    else anywhere but inside a character. No piece is empty unless all of it is."""
    text = text.strip() or text[:limit]
    while _units(text) > limit:
        window = _prefix(text, limit)
        cut = next(
            (at for mark in ("\n\n", "\n", " ") if (at := window.rfind(mark)) > len(window) // 3),
            len(window),
        )
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    yield text


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _prefix(text: str, limit: int) -> str:
    units = 0
    for at, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > limit:
            return text[:at]
    return text
