"""A good batch of WhatsApp's, and something done to it: nothing else is lost, nothing is told
to the wrong people."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.whatsapp_parse import Batch, parse
from tests.bot.test_whatsapp_parse import PHONE, raw

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
HOW = st.sampled_from(["drop", "replace", "nest"])
Path = tuple[str | int, ...]
OURS, THEIRS = ("entry", 0, "changes", 0), ("entry", 0, "changes", 1)
ITEMS: list[Path] = [
    (*OURS, "value", part, n)
    for part, count in (("messages", 8), ("statuses", 3))
    for n in range(count)
]


def paths(value: Any, to: Path = ()) -> list[Path]:
    """Every place in ``value`` but its root."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    below = [(*to, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            below += paths(value[key], (*to, key))
    return below


def twist(payload: Any, path: Path, how: str, other: Any) -> None:
    for key in path[:-1]:
        payload = payload[key]
    last = path[-1]
    if how == "drop":
        del payload[last]
    elif how == "nest":
        payload[last] = [payload[last]] if isinstance(other, list) else {"x": payload[last]}
    else:
        payload[last] = other


def at_path(payload: Any, path: Path) -> Any:
    for key in path:
        payload = payload[key]
    return payload


def size(batch: Batch) -> int:
    return len(batch.events) + len(batch.receipts) + len(batch.strange) + batch.ignored


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_what_happens_to_one_item_happens_to_no_other(data: st.DataObject) -> None:
    whole = raw("batch")
    good = parse(whole, PHONE)
    item = data.draw(st.sampled_from(ITEMS))
    name = at_path(whole, item)["id"]
    for _ in range(data.draw(st.integers(1, 3))):
        places = paths(at_path(whole, item))
        path = data.draw(st.sampled_from([item, *((*item, *place) for place in places)]))
        how = "replace" if path == item else data.draw(HOW)
        twist(whole, path, how, data.draw(JSON))
        if path == item or not at_path(whole, item):
            break
    batch = parse(whole, PHONE)
    # A message and a status are told apart by where they stood; errors are equal in words only.
    status = "statuses" in item
    events = [each for each in good.events if status or each.event_id != name]
    receipts = [repr(each) for each in good.receipts if not status or each.platform_id != name]
    assert [each for each in batch.events if each in events] == events
    assert [repr(each) for each in batch.receipts if repr(each) in receipts] == receipts
    assert size(batch) == size(good), "the item itself is understood, parked or counted"
    assert "LAIN" not in repr(batch)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_parse_never_raises_and_nothing_of_another_number_is_heard(data: st.DataObject) -> None:
    whole = raw("batch")
    touched: list[Path] = []
    for _ in range(data.draw(st.integers(1, 4))):
        places = paths(whole)
        if not places:
            break
        path = data.draw(st.sampled_from(places))
        twist(whole, path, data.draw(HOW), data.draw(JSON))
        touched.append(path)
    batch = parse(whole, PHONE)
    assert "LAIN" not in repr((batch.events, batch.receipts))
    if all(path[:4] == OURS and len(path) > 4 for path in touched):
        assert "LAIN" not in repr(batch)
    for strange in batch.strange:
        assert parse(json.loads(strange.raw), PHONE).strange


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_parse_takes_any_json(payload: Any) -> None:
    assert size(parse(payload, PHONE)) <= 1
