"""Numbers that can be announced: counted without gaps, with a check character."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import Connection
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

from storage.repositories import tickets


def take(connection: Connection, series: str, form: str, received: datetime) -> str:
    """The next number of a series. ``received`` is the office's local time of receipt; its
    month is the number's. Call it as the last statement before the insert (design 6.8)."""
    fields = {"yy": f"{received:%y}", "yyyy": f"{received:%Y}", "mm": f"{received:%m}"}
    before, after = form.split("{n", 1)
    key = f"{series}:{before.format(**fields)}" + "".join(
        value for name, value in fields.items() if f"{{{name}}}" in after
    )
    return render(form, tickets.next_in_series(connection, key), fields)


def render(form: str, n: int, fields: dict[str, str]) -> str:
    """A number from its parts; the check character (ISO 7064 MOD 37,36) covers all others."""
    body = form.format(n=n, check="", **fields)
    return body + mod_37_36.calc_check_digit(_bare(body))


def is_well_formed(number: str) -> bool:
    """Whether the check character fits: a mistyped number does not."""
    try:
        mod_37_36.validate(_bare(number))
    except ValidationError:
        return False
    return True


def _bare(number: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", number.upper())
