"""Which files are taken, how they are kept, and fetching them after the turn."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import media
from bot.blobs import BlobStore, DatabaseBlobs, FolderBlobs
from bot.channels import port
from bot.incoming import Incoming, IncomingFile
from dialogs.office import Files
from storage import schema
from storage.database import Unavailable, open_database
from tests.rig import PNG, Rig

RULES = Files(max_mb=1, types=("jpg", "png", "webp", "pdf", "docx", "xls", "txt", "zip"))
MB = 1_000_000


@pytest.mark.parametrize(
    ("name", "kind", "data", "reason"),
    [
        ("layar.png", "image", PNG, None),
        ("LAYAR.PNG", "image", PNG, None),
        ("foto.jpg", "image", b"\xff\xd8\xff\xe1xx", None),
        ("izin.pdf", "document", b"%PDF-1.4", None),
        ("izin.pdf", "document", b"\n\n%PDF-1.4", None),
        ("surat.docx", "document", b"PK\x03\x04", None),
        ("rekap.xls", "document", b"\xd0\xcf\x11\xe0", None),
        ("rekap.xls", "document", b"<?xml version='1.0'?><Workbook>", None),
        ("foto.webp", "image", b"RIFF\x10\x00\x00\x00WEBPVP8 ", None),
        ("catatan.txt", "document", b"halo", None),
        ("catatan.txt", "document", "halo \u2026".encode("utf-16"), None),
        ("catatan.txt", "document", b"\x00\x01\x02", None),
        ("kode.txt", "document", b"if a < b and svg > c: print('<svg>')", None),
        ("arsip.zip", "document", b"PK\x03\x04", None),
        ("suara.ogg", "voice", b"OggS", None),
        ("suara.ogg", "audio", b"OggS", None),
        ("film.mp4", "video", b"\x00\x00\x00 ftyp", None),
        ("pas.txt", "document", b"x" * MB, None),
        ("kosong.txt", "document", b"", "empty"),
        ("kosong.exe", "document", b"", "empty"),
        ("besar.txt", "document", b"x" * (MB + 1), "too_big"),
        ("besar.exe", "document", b"x" * (MB + 1), "too_big"),
        ("suara.ogg", "document", b"OggS", "bad_type"),
        ("film.mp4", "document", b"x", "bad_type"),
        ("surat.doc", "document", b"\xd0\xcf\x11\xe0", "bad_type"),  # not in the office's list
        ("layar.png", "image", b"GIF89a", "bad_type"),
        ("layar.png", "image", b"\x89PNG", "bad_type"),
        ("izin.pdf", "document", b"MZ\x90", "bad_type"),
        ("suara.ogg", "voice", b"MZ\x90", "bad_type"),
        ("catatan.txt", "document", b"MZ\x90", "bad_type"),
        ("catatan.txt", "document", b"\xca\xfe\xba\xbe", "bad_type"),
        ("catatan.txt", "document", b"\n <!DOCTYPE HTML>", "bad_type"),
        ("catatan.txt", "document", b"<!-- x --><svg onload=alert(1)>", "bad_type"),
        ("catatan.txt", "document", b"<?php", "bad_type"),
        ("layar", "image", PNG, "bad_type"),
        ("", "image", PNG, "bad_type"),
        ("png", "image", PNG, "bad_type"),
        ("layar.png/", "image", PNG, None),  # nothing but a name: the folder is not looked at
        ("..\\x.png", "image", PNG, None),
        ("layar.png.exe", "image", PNG, "bad_type"),
    ],
)
def test_a_file_is_judged_by_its_bytes_and_its_name(
    name: str, kind: str, data: bytes, reason: str | None
) -> None:
    assert media.judge(name, kind, data, RULES) == reason


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("layar.png", None, None),
        ("layar.png", MB, None),
        ("layar.png", MB + 1, "too_big"),
        ("virus.exe", 1, "bad_type"),
        ("layar.png", 0, None),  # some platforms do not know
    ],
)
def test_what_a_platform_announces_is_judged_before_it_is_fetched(
    name: str, size: int | None, reason: str | None
) -> None:
    assert media.judge_announced(name, "document", size, RULES) == reason


@pytest.mark.parametrize(
    ("name", "claimed", "found"),
    [
        ("layar.png", "text/html", ("image", "image/png")),
        ("foto.JPEG", "", ("image", "image/jpeg")),
        ("foto.webp", "x", ("image", "image/webp")),
        ("izin.pdf", "image/png", ("document", "application/pdf")),
        ("gambar.svg", "image/png", ("document", "image/svg+xml")),
        ("suara.webm", "audio/webm;codecs=opus", ("voice", "video/webm")),
        ("suara.webm", "video/webm", ("document", "video/webm")),
        ("layar.png", "audio/ogg", ("image", "image/png")),
        ("apa", "x" * 10_000, ("document", "application/octet-stream")),
    ],
)
def test_kind_and_media_type_come_from_the_name(
    name: str, claimed: str, found: tuple[str, str]
) -> None:
    assert media.described(name, claimed) == found


# Keeping


@pytest.fixture(params=["folder", "database"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    """Both stores under the same tests."""
    if request.param == "folder":
        yield FolderBlobs(tmp_path / "files")
        return
    url = f"sqlite:///{tmp_path / 'loket.db'}"
    schema.migrate(url)
    database = open_database(url)
    yield DatabaseBlobs(database)
    database.close()


@pytest.mark.parametrize("data", [b"", b"x", b"\x00" * 10, b"ab" * 1_500_000])
def test_bytes_come_back_as_they_went(blobs: BlobStore, data: bytes) -> None:
    key = blobs.put(data)
    assert key == hashlib.sha256(data).hexdigest()
    assert blobs.put(data) == key
    assert blobs.get(key) == data


@pytest.mark.parametrize("key", ["", "x", "0" * 64, "../../etc/passwd", "A" * 64, "0" * 63 + "/"])
def test_an_unknown_key_is_a_key_error(blobs: BlobStore, key: str) -> None:
    with pytest.raises(KeyError):
        blobs.get(key)


def test_a_folder_that_cannot_be_used_is_an_infrastructure_fault(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    store = FolderBlobs(tmp_path / "files")
    with pytest.raises(Unavailable):
        store.put(b"x")
    with pytest.raises(Unavailable):
        store.get("0" * 64)


def test_nothing_is_left_beside_a_file(tmp_path: Path) -> None:
    FolderBlobs(tmp_path).put(b"x")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [
        hashlib.sha256(b"x").hexdigest()
    ]


# Fetching


def announce(rig: Rig, name: str = "layar.png", size: int | None = None) -> None:
    """A photo as Telegram announces it, and its bytes for the fetcher."""
    rig.telegram.files.setdefault("ref", PNG)
    file = IncomingFile("document", name, "image/png", size, ref="ref")
    incoming: Incoming = rig.event(channel="telegram", text="gagal upload", files=(file,))
    rig.take(incoming)


def state(rig: Rig) -> tuple[str, str | None]:
    row = rig.rows("SELECT state, reason FROM attachments")[0]
    return row.state, row.reason


def told(rig: Rig) -> str:
    rig.settle()
    return "\n".join(out.text for out in rig.telegram.sent)


def test_a_file_is_fetched_after_its_turn(rig: Rig) -> None:
    announce(rig)
    assert state(rig) == ("fetching", None)
    rig.settle()
    assert state(rig) == ("stored", None)
    key = rig.rows("SELECT blob FROM attachments")[0].blob
    assert rig.loket.blobs.get(key) == PNG


@pytest.mark.parametrize(
    ("name", "size", "data", "reason"),
    [
        ("layar.png", 99_000_000, PNG, "too_big"),
        ("virus.exe", 10, b"MZ", "bad_type"),
        ("layar.png", 10, b"MZ\x90", "bad_type"),
        ("layar.png", 10, b"", "empty"),
        ("layar.png", None, b"\x89PNG\r\n\x1a\n" + b"0" * 10_000_000, "too_big"),
    ],
)
def test_a_refused_file_is_told_to_the_user(
    rig: Rig, name: str, size: int | None, data: bytes, reason: str
) -> None:
    rig.telegram.files["ref"] = data
    announce(rig, name, size)
    rig.settle()
    assert state(rig) == ("refused", reason)
    assert name in told(rig)


def failing(rig: Rig, *faults: BaseException) -> list[BaseException]:
    """The next downloads end with these faults."""
    left = list(faults)
    fetch = rig.telegram.fetch

    async def fails(ref: str, max_bytes: int) -> bytes:
        if left:
            raise left.pop(0)
        return await fetch(ref, max_bytes)

    rig.telegram.fetch = fails  # type: ignore[method-assign]
    return left


@pytest.mark.parametrize(
    "fault",
    [
        port.NotSent("no network"),
        port.OutcomeUnknown("cut off"),
        port.RetryLater(3),
        ZeroDivisionError("a fault of the adapter"),
    ],
)
def test_a_download_that_fails_is_tried_again_later(rig: Rig, fault: Exception) -> None:
    failing(rig, fault)
    announce(rig)
    rig.settle()
    assert state(rig) == ("fetching", None)
    rig.wait(timedelta(seconds=30))
    assert state(rig) == ("stored", None)


def test_a_download_that_never_succeeds_is_told_in_the_end(rig: Rig) -> None:
    failing(rig, *[port.NotSent("no network")] * 50)
    announce(rig)
    for _ in range(8):
        rig.wait(timedelta(minutes=15))
    assert state(rig) == ("fetching", None)  # the platform may be down for a while
    for _ in range(20):
        rig.wait(timedelta(minutes=15))
    assert state(rig) == ("refused", "gone")
    assert "layar.png" in told(rig)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (port.FileTooBig("too big"), "too_big"),
        (port.Refused("expired"), "gone"),
        (port.Unreachable("blocked"), "gone"),
    ],
)
def test_a_download_that_is_refused_is_not_tried_again(
    rig: Rig, fault: Exception, reason: str
) -> None:
    failing(rig, fault)
    announce(rig)
    rig.settle()
    assert state(rig) == ("refused", reason)


def test_a_full_disk_holds_a_file_up_and_loses_nothing(rig: Rig) -> None:
    folder = rig.places.data_dir / "files"
    folder.write_text("in the way")
    announce(rig)
    rig.settle()
    assert state(rig) == ("fetching", None)
    folder.unlink()
    rig.wait(timedelta(minutes=3))
    assert state(rig) == ("stored", None)


def test_two_fetchers_fetch_a_file_once(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig()
    calls: list[str] = []
    fetch = rig.telegram.fetch

    async def counted(ref: str, max_bytes: int) -> bytes:
        calls.append(ref)
        return await fetch(ref, max_bytes)

    rig.telegram.fetch = counted  # type: ignore[method-assign]
    announce(rig)
    rig.clock.move(timedelta(seconds=5))

    async def both() -> None:
        await asyncio.gather(rig.loket.fetcher.drain(), rig.loket.fetcher.drain())

    rig.run(both())
    assert calls == ["ref"]
