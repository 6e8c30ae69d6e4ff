"""The one error of people's work: an action that is not possible, as a sentence."""

from __future__ import annotations


class Refused(Exception):
    """The action was not done; the message is the Indonesian sentence the agent reads."""
