"""Agents' accounts, without HTTP: made, changed, taken away; one-time links; what each leaves in
the log. Every function works in the transaction it is given and raises ``Refused``."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.staff.fields import tidy_limit, tidy_login, tidy_name, tidy_roles
from handoff.refusal import Refused
from handoff.standing import ROLES
from storage.base import AnyRow
from storage.repositories import agent_access, agents

SETUP_LIFE = timedelta(hours=24)
PASSWORD_LIFE = timedelta(hours=72)
CODE_LIFE = timedelta(minutes=15)
SETUP, PASSWORD, TELEGRAM = "setup", "password", "telegram"  # purposes of links
_CODE = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else


def hashed(token: str) -> str:
    """How tokens are kept: they are random and long, so nothing slow is needed."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def add(
    connection: Connection,
    *,
    login: str,
    name: str,
    roles: Iterable[str],
    now: datetime,
    by: int | None,
    password_hash: str | None = None,
    chat_limit: int | None = None,
) -> int:
    """A new account; its row id. ``by`` is the admin who makes it (None: the command line or
    the first start)."""
    login, name, keys = tidy_login(login), tidy_name(name), tidy_roles(roles)
    known = agents.by_login(connection, login)
    if known is not None:
        raise Refused(
            f"Nama masuk {login} sudah dipakai."
            if known.active
            else f"Nama masuk {login} pernah dipakai. Aktifkan lagi akun itu, atau pilih yang lain."
        )
    agent_id = agents.add(
        connection,
        login=login,
        name=name,
        roles=keys,
        password_hash=password_hash,
        chat_limit=tidy_limit(chat_limit),
        on_duty=False,
        active=True,
        created_at=now,
    )
    _log(connection, agent_id, f"added {login} {keys}", now, by)
    return agent_id


def change(
    connection: Connection,
    agent_id: int,
    *,
    name: str,
    roles: Iterable[str],
    chat_limit: int | None,
    now: datetime,
    by: int | None,
) -> None:
    """Name, roles, and how many chats at once (None: the office's number)."""
    row = _active(connection, agent_id)
    keys = tidy_roles(roles)
    if "admin" in row.roles.split() and "admin" not in keys.split():
        _keep_an_admin(connection, agent_id)
    agents.change(
        connection,
        agent_id,
        name=tidy_name(name),
        roles=keys,
        chat_limit=tidy_limit(chat_limit),
    )
    _log(connection, agent_id, f"roles {keys}, limit {chat_limit or '-'}", now, by)


def remove(connection: Connection, agent_id: int, *, now: datetime, by: int | None) -> None:
    """The account can do nothing from now on; what it held is looked after by the clock
    (``handoff.clock.due.SWEEPS``), and whoever hands out work is told."""
    row = _active(connection, agent_id)
    if "admin" in row.roles.split():
        _keep_an_admin(connection, agent_id)
    agents.change(
        connection, agent_id, active=False, on_duty=False, telegram_user=None, subject=None
    )
    agent_access.end_sessions(connection, agent_id, now)
    agent_access.end_links(connection, agent_id, now)
    held = agents.open_tickets(connection, agent_id)
    if held:
        agents.add_alert(
            connection,
            kind="agent_removed",
            subject=f"agent:{agent_id}",
            text=f"Akun {row.name} dinonaktifkan. {held} tiketnya perlu pemegang baru.",
            now=now,
            role="koordinator" if agents.has_role(connection, "koordinator") else "admin",
        )
    _log(connection, agent_id, "removed", now, by)


def restore(connection: Connection, agent_id: int, *, now: datetime, by: int | None) -> None:
    """A removed account works again; its old password does not."""
    row = agents.get(connection, agent_id)
    if row is None or row.active:
        raise Refused("Akun ini tidak ada atau masih aktif.")
    agents.change(connection, agent_id, active=True, password_hash=None)
    _log(connection, agent_id, f"restored {row.roles}", now, by)


def by_login(connection: Connection, login: str) -> AnyRow:
    """An account by its login, active or not."""
    row = agents.by_login(connection, tidy_login(login))
    if row is None:
        raise Refused(f"Tidak ada akun dengan nama masuk {login}.")
    return row


# One-time links


def setup_link(connection: Connection, now: datetime) -> str | None:
    """The token that makes the first admin; None where there are accounts already. The one
    before it is dead."""
    if agents.anyone(connection):
        return None
    return _link(connection, _token(), SETUP, None, now, SETUP_LIFE)


def set_up(
    connection: Connection, token: str, *, login: str, name: str, password_hash: str, now: datetime
) -> int:
    """Make the first account, with every role: an office of one person works at once."""
    agent_access.lock_links(connection, SETUP)  # two replicas may each have printed one
    if agents.anyone(connection):
        raise Refused("Sudah ada akun di sini. Masuklah dengan akun itu.")
    if agent_access.use_link(connection, hashed(token), SETUP, now) is None:
        raise Refused(gone(SETUP))
    return add(
        connection,
        login=login,
        name=name,
        roles=ROLES,
        now=now,
        by=None,
        password_hash=password_hash,
    )


def password_link(connection: Connection, agent_id: int, *, now: datetime, by: int | None) -> str:
    """The token with which an agent sets a password; the old one works until then."""
    _active(connection, agent_id)
    _log(connection, agent_id, "password link", now, by)
    return _link(connection, _token(), PASSWORD, agent_id, now, PASSWORD_LIFE)


def is_live(connection: Connection, token: str, purpose: str, now: datetime) -> AnyRow | None:
    """The link behind a token as long as it can be used."""
    row = agent_access.link(connection, hashed(token), purpose)
    over = row is None or row.used_at is not None or row.expires_at <= now
    if over or (purpose == SETUP and agents.anyone(connection)):
        return None
    return row


def set_password_by_link(
    connection: Connection, token: str, password_hash: str, now: datetime
) -> int:
    """Set the password of a link's account, once; whoever was logged in is logged out."""
    link = agent_access.use_link(connection, hashed(token), PASSWORD, now)
    if link is None:
        raise Refused(gone(PASSWORD))
    row = _active(connection, link.agent_id)
    agents.change(connection, row.id, password_hash=password_hash)
    agent_access.end_sessions(connection, row.id, now)
    _log(connection, row.id, "password set by link", now, row.id)
    return int(row.id)


def set_password(
    connection: Connection, agent_id: int, password_hash: str, session_hash: str, now: datetime
) -> None:
    """A new password of one's own; every other browser is logged out."""
    agents.change(connection, agent_id, password_hash=password_hash)
    agent_access.end_sessions(connection, agent_id, now, besides=session_hash)
    agent_access.end_links(connection, agent_id, now)
    _log(connection, agent_id, "password changed", now, agent_id)


def gone(purpose: str) -> str:
    """Why a link does not work, and what to do."""
    again = {
        SETUP: "Jalankan ulang Loket untuk mendapat tautan baru.",
        PASSWORD: "Minta tautan baru kepada Admin Loket.",
        TELEGRAM: "Buat kode baru di halaman Akun saya.",
    }[purpose]
    what = "Kode" if purpose == TELEGRAM else "Tautan"
    return f"{what} ini sudah dipakai atau sudah lewat waktunya. {again}"


# Accounts elsewhere


def telegram_code(connection: Connection, agent_id: int, now: datetime) -> str:
    """A code that the agent sends to the bot (``/petugas_<code>``); letters and digits only,
    since it is part of a Telegram command. Works once, for 15 minutes."""
    _active(connection, agent_id)
    code = "".join(secrets.choice(_CODE) for _ in range(12))
    return _link(connection, code, TELEGRAM, agent_id, now, CODE_LIFE)


def link_telegram(connection: Connection, code: str, user_id: str, now: datetime) -> str:
    """Link a Telegram account to the agent whose code it sent; the agent's name."""
    link = agent_access.use_link(connection, hashed(code.strip().lower()), TELEGRAM, now)
    if link is None:
        raise Refused(gone(TELEGRAM))
    row = _active(connection, link.agent_id)
    other = agents.by_telegram(connection, user_id)
    if other is not None and other.id != row.id:
        raise Refused("Akun Telegram ini sudah tertaut ke akun petugas lain.")
    agents.change(connection, row.id, telegram_user=user_id)
    _log(connection, row.id, "telegram linked", now, row.id)
    return str(row.name)


def unlink_telegram(connection: Connection, agent_id: int, now: datetime, by: int | None) -> None:
    """The Telegram account can act for nobody any more."""
    agents.change(connection, agent_id, telegram_user=None)
    agent_access.end_links(connection, agent_id, now)
    _log(connection, agent_id, "telegram unlinked", now, by)


def link_subject(connection: Connection, agent_id: int, subject: str, now: datetime) -> None:
    """Link somebody at the OIDC provider to an account."""
    _active(connection, agent_id)
    other = agents.by_subject(connection, subject)
    if other is not None and other.id != agent_id:
        raise Refused("Akun itu sudah tertaut ke akun petugas lain.")
    agents.change(connection, agent_id, subject=subject)
    _log(connection, agent_id, "provider linked", now, agent_id)


def unlink_subject(connection: Connection, agent_id: int, now: datetime) -> None:
    """The provider's account no longer opens this one."""
    if _active(connection, agent_id).password_hash is None:
        raise Refused("Akun ini belum punya kata sandi, jadi tautan ini masih diperlukan.")
    agents.change(connection, agent_id, subject=None)
    _log(connection, agent_id, "provider unlinked", now, agent_id)


def _active(connection: Connection, agent_id: int) -> AnyRow:
    row = agents.get(connection, agent_id)
    if row is None:
        raise Refused("Akun ini tidak ada.")
    if not row.active:
        raise Refused("Akun ini sudah dinonaktifkan. Aktifkan lagi dulu.")
    return row


def _keep_an_admin(connection: Connection, agent_id: int) -> None:
    """Refused for the last one who can manage accounts."""
    others = agents.lock_active(connection)
    if not any("admin" in a.roles.split() and a.id != agent_id for a in others):
        raise Refused("Ini satu-satunya Admin Loket. Beri peran itu kepada akun lain dulu.")


def _link(
    connection: Connection,
    token: str,
    purpose: str,
    agent_id: int | None,
    now: datetime,
    life: timedelta,
) -> str:
    agent_access.add_link(
        connection,
        token_hash=hashed(token),
        purpose=purpose,
        agent_id=agent_id,
        now=now,
        expires_at=now + life,
    )
    return token


def _token() -> str:
    return secrets.token_urlsafe(24)


def _log(connection: Connection, agent_id: int, what: str, now: datetime, by: int | None) -> None:
    """Who did what to an account. What nobody logged in did stands under the account itself."""
    agents.log_access(connection, by or agent_id, f"account:{agent_id} {what}", now)
