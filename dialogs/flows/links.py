"""Tautan: join another chat to the same person, or make all private links useless."""

from __future__ import annotations

from dialogs.commands import RedeemLink, RevokeLinks
from dialogs.move import Moment, Move
from dialogs.reply import Reply


def offer(m: Moment) -> Move:
    """A one-time link that proves, in the other chat, that both are the same person."""
    idle = m.state.flow in ("menu", "faq")
    reply = Reply(m.text("link_offer"), link="join")
    return Move(m.state, replies=(reply,), again=True, silent=idle)


def revoke(m: Moment) -> Move:
    return Move(m.state, commands=(RevokeLinks(),), again=True, silent=True)


def redeem(m: Moment, token: str) -> Move:
    return Move(m.state, commands=(RedeemLink(token),), again=True, silent=True)
