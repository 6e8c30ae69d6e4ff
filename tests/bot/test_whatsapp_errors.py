"""Every error code of the Cloud API in its class, and answers without one."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from bot.channels.port import (
    AccountBroken,
    DeliveryError,
    NotSent,
    OutcomeUnknown,
    Refused,
    RetryLater,
    Unreachable,
    WindowClosed,
)
from bot.channels.whatsapp_errors import NoSuchObject, answer_error, error_of, masked, port_errors

# The contract's codes, written out: the table must not decide what it is tested with.
CODES: dict[type[DeliveryError], list[int]] = {
    RetryLater: [4, 80007, 130429, 131056],
    NotSent: [1, 2, 131000, 131016, 131057, 133016],
    WindowClosed: [131047],
    Unreachable: [130472, 131021, 131026, 131030, 131049, 131050, 131062],
    Refused: [
        *(100, 131008, 131009, 131051, 131052, 131053),
        *(132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016),
        *(135000, 999999),  # nobody knows these
    ],
    AccountBroken: [
        *(0, 3, 10, 33, 190, 200, 250, 299, 368, 131005, 131031, 131037),
        *(131042, 131045, 131048, 133010),
    ],
}
EACH = [(code, kind) for kind, codes in CODES.items() for code in codes]
KNOWN = [(code, kind) for code, kind in EACH if code not in (135000, 999999)]


def answer(status: int, code: Any = None, headers: Any = None, **more: Any) -> httpx.Response:
    error = {"message": "(#0) Something", "type": "OAuthException", "code": code, **more}
    return httpx.Response(status, json={"error": error}, headers=headers)


@pytest.mark.parametrize(("code", "kind"), EACH)
def test_code_of_a_failed_status_has_its_class(code: int, kind: type[DeliveryError]) -> None:
    error = error_of(code, "Title", "what happened")
    assert type(error) is kind
    assert error.code == str(code)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503, 504])
@pytest.mark.parametrize(("code", "kind"), KNOWN)
def test_code_decides_whatever_the_status(
    code: int, kind: type[DeliveryError], status: int
) -> None:
    error = answer_error(answer(status, code))
    assert type(error) is kind
    assert error.code == str(code)


def test_code_written_as_text_is_understood() -> None:
    assert type(answer_error(answer(400, "131047"))) is WindowClosed


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Refused),
        (404, Refused),
        (429, RetryLater),
        (500, NotSent),
        (503, NotSent),
        (504, NotSent),
    ],
)
def test_unknown_code_is_refused_unless_the_status_asks_to_come_again(
    status: int, kind: type[DeliveryError]
) -> None:
    error = answer_error(answer(status, 135000))
    assert type(error) is kind
    assert error.code == "135000"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, OutcomeUnknown),
        (302, NotSent),
        (400, Refused),
        (401, AccountBroken),
        (403, AccountBroken),
        (404, Refused),
        (408, NotSent),
        (413, Refused),
        (500, NotSent),
        (502, NotSent),
        (503, NotSent),
        (504, OutcomeUnknown),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>gateway</html>", b"[]", b'{"error": "x"}', b'{"error": {}}', b"\xff"]
)
def test_status_decides_where_graph_says_nothing(
    body: bytes, status: int, kind: type[DeliveryError]
) -> None:
    error = answer_error(httpx.Response(status, content=body))
    assert type(error) is kind


@pytest.mark.parametrize("code", [None, True, 1.5, "x", "-1", [], {"a": 1}, "9" * 40])
def test_code_that_is_none_leaves_it_to_the_status(code: Any) -> None:
    assert type(answer_error(answer(403, code))) is AccountBroken


# --- how long to wait


@pytest.mark.parametrize(
    ("code", "seconds", "scope"),
    [
        (131056, 6, "chat"),
        (4, 5, "account"),
        (80007, 5, "account"),
        (130429, 5, "account"),
    ],
)
def test_wait_has_its_time_and_what_it_pauses(code: int, seconds: float, scope: str) -> None:
    for error in (error_of(code, "x"), answer_error(answer(400, code))):
        assert isinstance(error, RetryLater)
        assert (error.seconds, error.scope) == (seconds, scope)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("35", 35),
        (" 2.5 ", 2.5),
        ("0", 1),
        ("999999999", 3600),
        ("soon", 5),
        ("-4", 5),
        ("", 5),
        ("nan", 5),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1),
    ],
)
def test_wait_that_the_answer_names_is_kept(header: str, seconds: float) -> None:
    error = answer_error(answer(429, 130429, {"Retry-After": header}))
    assert isinstance(error, RetryLater)
    assert error.seconds == seconds


def test_wait_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    error = answer_error(answer(429, 131056, {"Retry-After": later}))
    assert isinstance(error, RetryLater)
    assert 100 < error.seconds <= 120
    assert error.scope == "chat"


@pytest.mark.parametrize(("headers", "seconds"), [({}, 60), ({"Retry-After": "7"}, 7)])
def test_bare_429_pauses_the_account(headers: dict[str, str], seconds: float) -> None:
    error = answer_error(httpx.Response(429, headers=headers))
    assert isinstance(error, RetryLater)
    assert (error.seconds, error.scope, error.code) == (seconds, "account", "http_429")


# --- what is told


def test_details_are_told() -> None:
    details = {"messaging_product": "whatsapp", "details": "body text too long"}
    error = answer_error(answer(400, 132005, message="(#132005) Hydrated", error_data=details))
    assert str(error) == "WhatsApp 132005: (#132005) Hydrated: body text too long"


@pytest.mark.parametrize("details", [None, "text", ["x"], {"details": {"a": 1}}, {}])
def test_strange_details_do_no_harm(details: Any) -> None:
    error = answer_error(answer(400, 131047, message=None, error_data=details))
    assert type(error) is WindowClosed


def test_object_that_is_not_there_is_told_apart() -> None:
    words = "Unsupported post request. Object with ID '106540352242922' does not exist"
    error = answer_error(answer(400, 100, message=words, error_subcode=33))
    assert type(error) is NoSuchObject
    assert isinstance(error, Refused)
    assert error.code == "100"


@pytest.mark.parametrize(
    "secret",
    [
        "6281234567890",
        "+62 812-3456-7890",
        "(0812) 3456 7890",
        "EAAGm0PX4ZCpsBAFzx1ZBlqkdi28VZAZC",
        "1234567890|aBcDeFgHiJkLmNoPqRsT",
        "wamid.HBgNNjI4MTIzNDU2Nzg5MBUCABIYFjNFQjA=",
        "ID.1234567890123456789",
        "ID.ENT.aBcD12345",
        "0123456789abcdef0123456789abcdef0123456789abcdef",
    ],
)
def test_numbers_ids_and_tokens_are_not_quoted(secret: str) -> None:
    for words in (f"Recipient {secret} is wrong", f"'{secret}'", f"Malformed token {secret}."):
        assert secret not in masked(words)
        for error in (
            error_of(131026, words, words),
            answer_error(answer(400, 190, message=words, error_data={"details": words})),
        ):
            assert secret not in str(error)
            assert "…" in str(error)


def test_what_helps_stays_readable() -> None:
    words = "(#132001) Template name does not exist: loket_survei_kepuasan_2026 in id, 131026"
    assert masked(words) == words


def test_words_of_any_length_are_cut() -> None:
    assert len(masked("a b " * 100_000)) <= 300
    assert len(masked("a" * 100_000)) <= 300


# --- on the way


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.PoolTimeout("full"), NotSent),
        (httpx.ProxyError("no"), NotSent),
        (httpx.UnsupportedProtocol("ftp"), NotSent),
        (httpx.InvalidURL("?"), NotSent),
        (httpx.ReadTimeout("slow"), OutcomeUnknown),
        (httpx.WriteTimeout("slow"), OutcomeUnknown),
        (httpx.ReadError("cut"), OutcomeUnknown),
        (httpx.WriteError("cut"), OutcomeUnknown),
        (httpx.CloseError("cut"), OutcomeUnknown),
        (httpx.RemoteProtocolError("gone"), OutcomeUnknown),
        (httpx.LocalProtocolError("odd"), OutcomeUnknown),
        (httpx.DecodingError("gzip"), OutcomeUnknown),
        (httpx.TooManyRedirects("round"), OutcomeUnknown),
        (httpx.StreamClosed(), OutcomeUnknown),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_fault_on_the_way_says_whether_it_left(fault: Exception, kind: type[DeliveryError]) -> None:
    with pytest.raises(DeliveryError) as raised, port_errors():
        raise fault
    assert type(raised.value) is kind
    assert raised.value.code == type(fault).__name__
    assert type(fault).__name__ in "".join(traceback.format_exception(raised.value))


def test_our_own_mistakes_are_not_hidden() -> None:
    with pytest.raises(KeyError), port_errors():
        raise KeyError("x")
