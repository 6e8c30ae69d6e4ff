"""Who is logged in to the console: sessions, the token against forged forms, and how often a
login may be tried. All of it is rows: a restart changes nothing."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.desk_turns import worker_of
from bot.rates import Rate
from bot.staff.accounts import hashed
from handoff.standing import Worker
from storage.repositories import agent_access

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)  # how exactly the idle time is known
KEPT = timedelta(days=30)  # rows of what is over
_PREFIX = "masuk:"
# From one address a login is tried six times at once, then twice a minute; from all addresses
# together more often, so that nobody alone can keep the agent out. An office behind one address
# has more: who gets in gives the try back, so only failures count.
_BY_PAIR = (timedelta(seconds=30), 6)
_BY_LOGIN = (timedelta(seconds=6), 60)
_BY_ADDRESS = (timedelta(seconds=10), 30)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which an agent is logged in."""

    token_hash: str
    agent: Worker
    seen_at: datetime


def begin(connection: Connection, agent_id: int, now: datetime) -> str:
    """Log an agent in; the new session's token, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    agent_access.add_session(
        connection,
        token_hash=hashed(token),
        agent_id=agent_id,
        now=now,
        expires_at=now + LONGEST,
    )
    return token


def find(connection: Connection, token: str, now: datetime) -> Session | None:
    """The session behind a token while it lasts. The account is read each time, so changed
    roles count at once and a removed account is out at once."""
    row = agent_access.session(connection, hashed(token))
    if row is None or row.ended_at is not None or not row.active:
        return None
    if row.expires_at <= now or row.seen_at + IDLE <= now:
        return None
    return Session(hashed(token), worker_of(row), row.seen_at)


def end(connection: Connection, token: str, now: datetime) -> None:
    """Log out of one browser."""
    agent_access.end_session(connection, hashed(token), now)


def see(connection: Connection, session: Session, now: datetime) -> None:
    """The agent did something: the idle time begins anew."""
    agent_access.see_session(connection, session.token_hash, now)


def is_known(connection: Connection, token: str) -> bool:
    """Whether this was a session once."""
    return agent_access.session(connection, hashed(token)) is not None


def csrf(key: bytes, token: str) -> str:
    """What a form must bring along to be one of ours (``token``: a session's or a guest's)."""
    return hmac.new(key, b"csrf:" + hashed(token).encode(), hashlib.sha256).hexdigest()


def admit(connection: Connection, login: str, address: str, now: datetime) -> timedelta:
    """Count one try to get in; how long to wait where there were too many (else zero, and
    the try is taken). An address that may not try leaves nothing behind, whatever logins it
    makes up."""
    by_address, *by_login = _rates(login, address)
    wait, tats = _wait(connection, [by_address], now)
    if wait <= timedelta(0):
        wait, others = _wait(connection, by_login, now)
        tats |= others
    if wait <= timedelta(0):
        for rate in (by_address, *by_login):
            agent_access.save_limit(connection, rate.scope, rate.after(tats[rate.scope], now))
    return wait


def _wait(
    connection: Connection, rates: Sequence[Rate], now: datetime
) -> tuple[timedelta, dict[str, datetime | None]]:
    tats = agent_access.limits(connection, [rate.scope for rate in rates])
    return max(rate.allowed_at(tats[rate.scope], now) for rate in rates) - now, tats


def forgive(connection: Connection, login: str, address: str, now: datetime) -> None:
    """It was the right password: the tries from here are forgotten, the address and the login
    get the one back."""
    rates = _rates(login, address)
    tats = agent_access.limits(connection, [rate.scope for rate in rates])
    *back, pair = rates
    agent_access.save_limit(connection, pair.scope, now)
    for rate in back:
        tat = (tats[rate.scope] or now) - rate.every
        agent_access.save_limit(connection, rate.scope, max(tat, now))


def sweep(connection: Connection, now: datetime) -> None:
    """Forget what is over."""
    agent_access.forget_before(connection, _PREFIX, now, now - KEPT)


def _rates(login: str, address: str) -> tuple[Rate, Rate, Rate]:
    """By address, by login, by both: in the order in which they are locked. Names hold no login
    in clear: people type passwords into that field."""
    who, where = hashed(login)[:24], _network(address)
    return (
        Rate(f"{_PREFIX}address:{where}", *_BY_ADDRESS),
        Rate(f"{_PREFIX}login:{who}", *_BY_LOGIN),
        Rate(f"{_PREFIX}pair:{who}:{where}", *_BY_PAIR),
    )


def _network(address: str) -> str:
    """One subscriber: an IPv4 address, or an IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if parsed.version == 6:
        return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    return address
