"""What can go wrong with files of labelled messages; one plain sentence for the operator."""

from __future__ import annotations

from nlu.errors import NluError


class MessagesError(NluError):
    """A file of labelled messages cannot be used; the sentence begins with file or file:line."""


class MeasuringError(NluError):
    """The messages can be read, but not be measured with."""
