"""The chat page in a real browser: a phone, a keyboard, another device."""

from __future__ import annotations

import os
import re
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from nlu.engines.port import Engine
from tests.process import Served
from tests.rig import ROOT

CHROMIUM = shutil.which("chromium")
ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "locale": "id-ID",
    "timezone_id": "Asia/Jakarta",
}
NUMBER = re.compile(r"LPSE-\d{4}-\d{5}-[0-9A-Z]")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Served]:
    def quick(raw: dict[str, object]) -> None:
        raw["conversation"]["burst"] = {  # type: ignore[index]
            "breath_seconds": 0.1,
            "fragment_seconds": 0.1,
        }

    served = Served(tmp_path_factory.mktemp("served"), quick)
    served.start()
    yield served
    served.kill()
    assert "Traceback" not in served.log()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


class Device:
    """One browser profile. What its pages complain about is kept."""

    def __init__(self, chromium: Browser, url: str, **options: object) -> None:
        self.context: BrowserContext = chromium.new_context(base_url=url, **options)  # type: ignore[arg-type]
        self.context.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda line: self.complaints.append(line.text) if line.type == "error" else None,
        )

    def say(self, text: str) -> None:
        self.page.get_by_label("Pesan", exact=True).fill(text)
        self.page.get_by_role("button", name="Kirim", exact=True).last.click()

    def hears(self, words: str | re.Pattern[str]) -> None:
        """The newest message of the bot holds these words."""
        expect(self.page.locator(".msg.bot").last).to_contain_text(words)

    def tap(self, label: str) -> None:
        self.page.locator(".choices").get_by_role("button", name=label, exact=True).tap()

    def texts(self) -> list[str]:
        return self.page.locator(".msg .body").all_inner_texts()


@pytest.fixture
def devices(chromium: Browser, served: Served) -> Iterator[list[Device]]:
    """Devices that are put away after the test; none may have complained."""
    made: list[Device] = []
    yield made
    for device in made:
        device.context.close()
        assert device.complaints == []


def phone(chromium: Browser, served: Served, devices: list[Device]) -> Device:
    devices.append(Device(chromium, served.url, **PHONE))
    devices[-1].page.goto("/")
    return devices[-1]


def fill_form(device: Device) -> None:
    device.hears("nama lengkap")
    device.say("Budi Santoso")
    device.hears("perusahaan")
    device.say("CV Maju Jaya")
    device.hears("alamat")
    device.say("Jl. Sudirman No. 5, Batam")
    device.hears("telepon")
    device.say("0812-3456-7890")
    device.tap("Penyedia")
    device.hears("ermasalahan")


def test_from_a_question_to_a_ticket_on_a_phone(
    chromium: Browser, served: Served, devices: list[Device], tmp_path: Path
) -> None:
    device = phone(chromium, served, devices)
    page = device.page
    expect(page.get_by_role("heading", name=re.compile("Selamat datang"))).to_be_visible()
    device.say("min, gagal upload dokumen penawaran terus, gimana ya?")
    device.hears(re.compile("Yang memutuskan|Sumber"))
    device.tap("Buat tiket")
    fill_form(device)
    device.say("Muncul error 500 waktu upload, sudah coba dua browser")
    picture = tmp_path / "layar.png"
    picture.write_bytes(screenshot())
    page.locator("#file-input").set_input_files(picture)
    expect(page.locator("#tray")).to_be_visible()
    page.get_by_role("button", name="Kirim", exact=True).last.click()
    expect(page.locator(".msg.user img")).to_be_visible()
    expect(page.locator(".msg.user .state").last).to_have_text("terkirim")
    device.tap("Lanjut")
    device.tap("Lewati semua")
    device.tap("Tidak ada")
    device.hears("Periksa dulu sebelum dikirim")
    device.tap("Kirim")
    expect(page.locator(".number").last).to_contain_text(NUMBER)
    shot(page, "ticket.png")
    number = NUMBER.search(page.locator(".number").last.inner_text())
    assert number is not None
    assert [row["number"] for row in served.rows("SELECT number FROM tickets")] == [number[0]]
    assert served.rows("SELECT ticket_id FROM attachments")[0]["ticket_id"] == 1

    said = device.texts()
    page.reload()
    expect(page.locator(".number").last).to_contain_text(number[0])
    page.locator(".picture").scroll_into_view_if_needed()  # it is fetched only when it is near
    expect(page.locator(".msg.user img")).to_be_visible()
    expect(page.locator(".picture")).to_have_accessible_name("Gambar layar.png")
    assert device.texts() == said

    elsewhere = Device(chromium, served.url)
    devices.append(elsewhere)
    elsewhere.page.goto(page.locator(".private [data-copy]").get_attribute("data-copy") or "")
    assert elsewhere.texts() == []  # a preview of the link shows nothing
    elsewhere.page.get_by_role("button", name="Buka percakapan ini di perangkat ini").click()
    expect(elsewhere.page.locator(".number").last).to_contain_text(number[0])
    assert elsewhere.texts() == said
    elsewhere.page.wait_for_url(re.compile("/$"))  # the link does not stay in the history

    elsewhere.say("terima kasih min")
    expect(page.locator(".msg.user").last).to_contain_text("terima kasih min")


def test_the_page_never_scrolls_sideways_on_a_small_phone(
    chromium: Browser, served: Served, devices: list[Device]
) -> None:
    device = phone(chromium, served, devices)
    device.say("https://spse.inaproc.id/" + "x" * 300 + " " + "y" * 400)
    expect(device.page.locator(".msg.bot").last).to_be_visible()
    for width in (320, 360, 768):
        device.page.set_viewport_size({"width": width, "height": 740})
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert device.page.evaluate(wide) is False


def test_keyboard_only(chromium: Browser, served: Served, devices: list[Device]) -> None:
    device = Device(chromium, served.url, viewport={"width": 1280, "height": 800})
    devices.append(device)
    page = device.page
    page.goto("/")
    keys = page.keyboard
    expect(page.get_by_label("Pesan", exact=True)).to_be_focused()
    keys.type("buat tiket")
    keys.press("Enter")
    for answer, question in (
        ("Sari Dewi", "nama lengkap"),
        ("CV Maju", "perusahaan"),
        ("Jl. Sudirman 5, Batam", "alamat"),
        ("0812-3456-7890", "telepon"),
    ):
        device.hears(question)
        keys.type(answer)
        keys.press("Enter")
    choose(page, "Penyedia")
    device.hears("ermasalahan")
    keys.type("gagal")
    keys.press("Shift+Enter")
    keys.type("upload penawaran")
    keys.press("Enter")
    expect(page.locator(".msg.user").last).to_contain_text("gagal\nupload", use_inner_text=True)
    for label in ("Lanjut", "Lewati semua", "Tidak ada", "Kirim"):
        choose(page, label)
    expect(page.locator(".number").last).to_contain_text(NUMBER)
    expect(page.get_by_label("Pesan", exact=True)).to_be_focused()


def choose(page: Page, label: str) -> None:
    """Reach a choice with Shift+Tab from the composer, and press it."""
    button = page.locator(".choices").get_by_role("button", name=label, exact=True)
    expect(button).to_be_visible()
    for _ in range(40):
        if button.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")


def test_what_was_said_while_the_server_was_away_is_sent_when_it_is_back(
    chromium: Browser, served: Served, devices: list[Device]
) -> None:
    device = phone(chromium, served, devices)
    device.say("min")
    device.hears("Ada yang bisa dibantu")
    served.stop()
    device.say("lupa password akun penyedia")
    expect(device.page.locator(".msg.user .state").last).to_have_text("gagal")
    served.start()
    expect(device.page.locator(".msg.user .state").last).to_have_text("terkirim", timeout=30_000)
    device.hears(re.compile("password", re.IGNORECASE))
    assert len(served.rows("SELECT 1 FROM messages WHERE text LIKE 'lupa password akun%'")) == 1
    device.complaints.clear()  # the browser itself says that it could not connect


def test_an_ended_conversation_leaves_nothing_on_the_device(
    chromium: Browser, served: Served, devices: list[Device]
) -> None:
    device = phone(chromium, served, devices)
    page = device.page
    device.say("saya Budi dari CV Maju")
    expect(page.locator(".msg.bot").last).to_be_visible()
    page.locator("#menu summary").tap()
    page.get_by_role("button", name="Akhiri di perangkat ini").tap()
    page.locator("#end").get_by_role("button", name="Akhiri", exact=True).tap()
    expect(page.locator(".msg")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name=re.compile("Selamat datang"))).to_be_visible()
    assert (
        page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('loket.'))") == []
    )


def test_a_text_with_markup_is_shown_as_text(
    chromium: Browser, served: Served, devices: list[Device]
) -> None:
    device = phone(chromium, served, devices)
    device.say("<img src=x onerror=\"document.title='hit'\"> <b>tebal</b>")
    expect(device.page.locator(".msg.user").last).to_contain_text("<b>tebal</b>")
    expect(device.page.locator(".msg.bot").last).to_be_visible()
    assert device.page.title() != "hit"
    assert device.page.locator(".msg img, .msg b").count() == 0


def test_an_answer_is_read_from_its_top(
    chromium: Browser, served: Served, devices: list[Device]
) -> None:
    """Also where it is longer than the screen. The picture of the README."""
    device = phone(chromium, served, devices)
    device.say("min, alamat SPSE yang baru apa ya?")
    device.hears("spse.inaproc.id")
    top = device.page.locator(".msg.bot").last.get_by_text("Alamat baru SPSE")
    expect(top).to_be_in_viewport()
    device.page.locator(".msg.user").last.evaluate("node => node.scrollIntoView()")
    shot(device.page, "chat.png")


def shot(page: Page, name: str) -> None:
    """Kept for the documentation when LOKET_SCREENSHOTS is 1."""
    if os.environ.get("LOKET_SCREENSHOTS") == "1":
        folder = ROOT / "docs" / "images"
        folder.mkdir(parents=True, exist_ok=True)
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(400)  # until nothing moves
        page.screenshot(path=folder / name)


def screenshot(width: int = 320, height: int = 180) -> bytes:
    """A small PNG: a window with a red bar across."""
    rows = b"".join(
        b"\0" + bytes((220, 60, 60) if 70 < y < 110 else (235, 238, 242)) * width
        for y in range(height)
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows, 9)),
            (b"IEND", b""),
        )
    )
