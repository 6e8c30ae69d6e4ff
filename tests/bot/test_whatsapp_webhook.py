"""Who may call the WhatsApp webhook."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from starlette.datastructures import QueryParams

from bot.channels.whatsapp_webhook import challenge, check_signature

SECRET = "5f1c2d9e0a7b4c3d"
BODY = b'{"entry":[{"id":"1","text":"\\u0441\\u043b\\u043e\\u0432\\u043e"}]}'


def signed(body: bytes = BODY, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_signature_of_these_bytes_is_accepted() -> None:
    assert check_signature(signed(), BODY, SECRET)


def test_known_signature_is_accepted() -> None:
    # RFC 4231, test case 2.
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert check_signature(f"sha256={digest}", b"what do ya want for nothing?", "Jefe")


def test_hex_digits_in_capitals_are_the_same_signature() -> None:
    assert check_signature("sha256=" + signed()[7:].upper(), BODY, SECRET)


def test_same_json_written_otherwise_is_refused() -> None:
    other = BODY.decode().encode().decode("unicode_escape").encode()
    assert other != BODY
    assert not check_signature(signed(), other, SECRET)


@pytest.mark.parametrize("at", range(len(BODY)))
def test_one_changed_byte_is_refused(at: int) -> None:
    changed = BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]
    assert not check_signature(signed(), changed, SECRET)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        signed()[7:],
        "sha1=" + signed()[7:],
        "sha256=" + signed()[7:-1],
        signed() + "0",
        signed() + "\n",
        f"{signed()},{signed()}",
        "sha256=" + "é" * 64,
        "sha256=" + "٣" * 64,
        "sha256=" + "\ud83d" * 64,
        "sha256=" + "0" * 64,
    ],
)
def test_garbled_signature_is_refused(header: str | None) -> None:
    assert not check_signature(header, BODY, SECRET)


def test_unset_secret_takes_nothing_even_what_is_signed_with_it() -> None:
    assert not check_signature(signed(secret=""), BODY, "")


def test_secret_of_somebody_else_is_refused() -> None:
    assert not check_signature(signed(secret="other"), BODY, SECRET)


def query(**changed: str | None) -> str:
    parts = {"mode": "subscribe", "verify_token": "rahasia-kami", "challenge": "1158201444"}
    return "&".join(f"hub.{k}={v}" for k, v in (parts | changed).items() if v is not None)


def test_right_token_gets_its_challenge_back() -> None:
    assert challenge(QueryParams(query()), "rahasia-kami") == "1158201444"
    assert challenge(dict(QueryParams(query())), "rahasia-kami") == "1158201444"


def test_token_beyond_ascii_is_compared_too() -> None:
    assert challenge(QueryParams(query(verify_token="kunci-é")), "kunci-é") == "1158201444"
    assert challenge(QueryParams(query(verify_token="kunci-è")), "kunci-é") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        query(mode=None),
        query(mode="unsubscribe"),
        query(verify_token=None),
        query(verify_token=""),
        query(verify_token="rahasia"),
        query(verify_token="%ff%fe"),
        query(challenge=None),
        query(challenge=""),
        query(challenge="<script>"),
        query(challenge="1%0A2"),
        query(challenge="1" * 257),
        query() + "&hub.mode=subscribe",
        query() + "&hub.verify_token=rahasia-kami",
        query() + "&hub.challenge=2",
    ],
)
def test_everybody_else_gets_nothing(text: str) -> None:
    assert challenge(QueryParams(text), "rahasia-kami") is None


@pytest.mark.parametrize("unset", ["", None])
def test_unset_token_lets_nobody_in(unset: str | None) -> None:
    assert challenge(QueryParams(query(verify_token="")), unset) is None
    assert challenge(QueryParams(query()), unset) is None
