"""People at work, in real browsers: the console, the counter and the user's page at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from nlu.engine import Engine
from tests.bot.desk_pages import Agent, Office, Visitor
from tests.bot.test_browser import ARGS, CHROMIUM, PHONE, Device, screenshot

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
DESK = {"viewport": {"width": 1280, "height": 800}, "locale": "id-ID"}
PEOPLE = {
    "rina": ("helpdesk", "front_office"),
    "bowo": ("helpdesk", "front_office"),
    "tono": ("koordinator",),
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("office"))
    for login, roles in PEOPLE.items():
        office.hire(login, *roles)
    office.start()
    yield office
    office.kill()
    assert "Traceback" not in office.log()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


class Room:
    """Opens browsers that are put away after the test; none may have complained."""

    def __init__(self, chromium: Browser, office: Office) -> None:
        self.chromium = chromium
        self.office = office
        self.devices: list[Device] = []

    def visitor(self, **options: object) -> Visitor:
        visitor = Visitor(self.chromium, self.office, **(options or PHONE))
        self.devices.append(visitor)
        return visitor

    def agent(self, login: str, **options: object) -> Agent:
        agent = Agent(self.chromium, self.office, login, **(options or DESK))
        self.devices.append(agent)
        return agent


@pytest.fixture
def room(chromium: Browser, office: Office) -> Iterator[Room]:
    room = Room(chromium, office)
    yield room
    for device in room.devices:
        device.context.close()
        assert device.complaints == []


def test_from_the_queue_to_the_closing_notice_everybody_sees_each_step_live(
    room: Room, office: Office
) -> None:
    rina, budi = room.agent("rina"), room.visitor()
    number = budi.wait_for_a_person("Budi Santoso", "Gagal upload penawaran, muncul error 500")

    waits = rina.page.locator("#antrean .chat").filter(has_text=number)  # without a reload
    expect(waits).to_contain_text("Budi Santoso")
    waits.get_by_role("button", name="Ambil", exact=True).click()
    rina.reads("dimulai")
    budi.hears("Rina")
    rina.answers("Selamat siang, paket yang mana?")
    expect(budi.line("paket yang mana?")).to_contain_text("Rina")
    budi.says_to_a_person("Paket 44012, min")
    expect(rina.line("Paket 44012")).to_contain_text("Budi Santoso")

    ask = rina.act("data")
    ask.locator("[name=item_1]").fill("Nomor NPWP")
    ask.locator("[name=macam_1]").select_option("text")
    ask.locator("[name=item_2]").fill("Tangkapan layar")
    ask.locator("[name=macam_2]").select_option("file")
    ask.get_by_role("button", name="Kirim permintaan").click()
    rina.reads("dikirim")
    budi.hears("1. Nomor NPWP")
    budi.says_to_a_person("NPWP kami 01.234.567.8-901.234")
    budi.sends("layar.png", "image/png", screenshot())
    expect(rina.line("layar.png")).to_be_visible()
    budi.tap("Sudah lengkap")
    expect(rina.page.locator("#kepala")).to_contain_text("Diproses")
    budi.hears("kami teruskan")

    up = rina.act("eskalasi")
    up.locator("textarea").fill("Sudah coba ganti peramban, tetap error 500")
    up.get_by_role("button", name="Eskalasi").click()
    rina.reads("dieskalasi ke Koordinator")
    expect(budi.line("ditangani Koordinator Helpdesk")).to_contain_text(number)
    budi.hears("obrolan dengan Rina selesai")
    tono = room.agent("tono")
    tono.opens(number)
    expect(tono.line("Paket 44012")).to_be_visible()
    back = tono.act("kembalikan")
    back.locator("textarea").fill("Minta matikan add-on peramban, lalu unggah lagi")
    back.get_by_role("button", name="Kembalikan").click()
    tono.reads("kembali ke Helpdesk")

    expect(rina.page.locator("#kepala")).to_contain_text("Helpdesk LPSE")
    rina.page.locator("#riwayat-isi summary").click()
    expect(rina.page.locator("#riwayat-isi")).to_contain_text("matikan add-on")
    end = rina.act("selesai")
    end.locator("[name=solusi]").fill("Matikan add-on peramban, lalu unggah lagi")
    end.get_by_label("Belum diisi").check()
    end.get_by_role("button", name="Kirim solusi").click()
    rina.reads("sudah beres")
    budi.hears("Apakah masalah sudah beres?")
    budi.tap("Sudah")
    expect(rina.page.locator("#kepala")).to_contain_text("Ditutup")
    closing = budi.line("Formulir Konsultasi")
    for words in (number, "Budi Santoso", "error 500", "Matikan add-on", "Pemberi Penjelasan: Rina"):
        expect(closing).to_contain_text(words)
    budi.hears("Pilih 1 (kurang) sampai 5")
    budi.tap("5")
    expect(rina.page.locator("#formulir")).to_contain_text("5 dari 5")
    tono.page.goto("/console/?status=ditutup")
    expect(tono.page.locator("#daftar .row").filter(has_text=number)).to_contain_text("Ditutup")
    assert office.ticket(number)["close_reason"] == "solved"


def test_of_two_who_take_a_chat_at_once_one_wins(room: Room, office: Office) -> None:
    agents = [room.agent("rina"), room.agent("bowo")]
    number = room.visitor().wait_for_a_person("Sari Dewi", "Tidak bisa masuk ke akun penyedia")
    takes = [
        agent.page.locator("#antrean .chat", has_text=number).get_by_role("button", name="Ambil")
        for agent in agents
    ]
    for button in takes:
        expect(button).to_be_visible()
    for button in takes:  # the second goes out before the first has an answer
        button.evaluate("node => { setTimeout(() => node.click()) }")
    for agent in agents:
        expect(agent.page.locator("#flash")).to_be_visible()
    (holder,) = office.rows(
        "SELECT a.name, a.login FROM tickets t JOIN agents a ON a.id = t.agent_id"
        " WHERE t.number = ?", number,
    )  # fmt: skip
    for agent in agents:
        if agent.login == holder["login"]:
            agent.reads("dimulai")
        else:
            agent.reads(f"{holder['name']}")
            print(agent.page.locator("#flash").inner_text(), agent.page.url)
            agent.page.screenshot(path="/tmp/browser/loser.png")
            agent.complaints.clear()  # the browser itself says that it was a conflict
    begun = office.rows(
        "SELECT h.id FROM human_requests h JOIN tickets t ON t.id = h.ticket_id"
        " WHERE t.number = ? AND h.state = 'live' AND h.agent_id = t.agent_id", number,
    )  # fmt: skip
    assert len(begun) == 1


EVIL = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script><b>tebal</b>"


def test_script_in_words_and_in_a_file_name_is_only_text(room: Room) -> None:
    rina, eve = room.agent("rina"), room.visitor()
    number = eve.wait_for_a_person("Eve <b>Tebal</b>", EVIL)
    rina.page.locator("#antrean .chat", has_text=number).get_by_role("button", name="Ambil").click()
    rina.reads("dimulai")
    eve.hears("Rina")
    eve.says_to_a_person(f"lagi: {EVIL}")
    expect(rina.line("lagi: ")).to_contain_text(EVIL)
    name = '"><img src=x onerror=window.hit=1>.png'
    eve.sends(name, "image/png", screenshot())
    expect(rina.line("onerror=window.hit=1>.png")).to_be_visible()
    rina.answers(f"balas: {EVIL}")
    expect(eve.line("balas: ")).to_contain_text(EVIL)
    expect(rina.line("balas: ")).to_contain_text(EVIL)
    for device in (rina, eve):
        device.page.reload()
        expect(device.page.get_by_text("balas: ").last).to_be_visible()
        assert device.page.evaluate("window.hit") is None
        assert device.page.locator("img[src=x], main script, main b", has_text="").count() == 0
    rina.page.goto("/console/")
    expect(rina.page.locator("#obrolan")).to_contain_text("<b>Tebal</b>")
    assert rina.page.evaluate("window.hit") is None
