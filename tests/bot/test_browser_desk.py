"""People at work, in real browsers: the console, the counter and the user's page at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from nlu.engine import Engine
from tests.bot.desk_pages import PASSWORD, Agent, Office, Visitor
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
        expect(agent.page.locator("#flash-place p")).to_be_visible()
    (holder,) = office.rows(
        "SELECT a.name, a.login FROM tickets t JOIN agents a ON a.id = t.agent_id"
        " WHERE t.number = ?", number,
    )  # fmt: skip
    for agent in agents:
        if agent.login == holder["login"]:
            agent.reads("dimulai")
        else:
            agent.reads(f"{holder['name']}")
            print(agent.page.locator("#flash-place").inner_text(), agent.page.url)
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
        expect(device.line("balas: ")).to_be_visible()
        is_text(device.page)
    rina.page.goto("/console/")
    expect(rina.page.locator("#obrolan")).to_contain_text("<b>Tebal</b>")
    is_text(rina.page)


def is_text(page: Page) -> None:
    """Nothing of ``EVIL`` became an element or ran. (A dialog would stop the test.)"""
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src=x], b:text-is('tebal'), b:text-is('Tebal')").count() == 0


def test_a_reply_that_is_being_typed_survives_news_and_the_end_of_the_session(
    room: Room, office: Office
) -> None:
    rina, dewi = room.agent("rina"), room.visitor()
    number = dewi.wait_for_a_person("Dewi Lestari", "Sertifikat tidak terbaca")
    rina.page.locator("#antrean .chat", has_text=number).get_by_role("button", name="Ambil").click()
    rina.reads("dimulai")
    dewi.hears("Rina")
    box = rina.page.get_by_label("Balasan untuk pengguna")
    box.press_sequentially("Baik, coba ")
    dewi.says_to_a_person("Sudah saya pasang ulang, min")
    expect(rina.line("pasang ulang")).to_be_visible()
    expect(box).to_have_value("Baik, coba ")
    expect(box).to_be_focused()
    box.press_sequentially("buka di peramban lain")
    typed = "Baik, coba buka di peramban lain"
    expect(box).to_have_value(typed)

    rina.context.clear_cookies()  # what the end of a session is to this browser
    rina.page.get_by_role("button", name="Kirim ke pengguna").click()
    rina.reads("Belum terkirim")
    expect(box).to_have_value(typed)
    rina.complaints.clear()  # the browser itself says that it was refused
    rina.page.screenshot(path="/tmp/browser/exp1.png")
    rina.page.reload()
    rina.page.get_by_label("Nama masuk").fill("rina")
    rina.page.get_by_label("Kata sandi").fill(PASSWORD)
    rina.page.get_by_role("button", name="Masuk", exact=True).click()
    expect(box).to_have_value(typed)  # on the same ticket's page
    rina.page.get_by_role("button", name="Kirim ke pengguna").click()
    expect(dewi.line("peramban lain")).to_contain_text("Rina")
    said = office.rows("SELECT id FROM messages WHERE text LIKE ?", f"%{typed}%")
    assert len(said) == 1


def test_without_script_a_form_that_meets_the_end_of_the_session_gives_its_words_back(
    room: Room,
) -> None:
    bowo = room.agent("bowo", java_script_enabled=False)
    toni = room.visitor()
    number = toni.wait_for_a_person("Toni", "Tidak bisa unduh dokumen pemilihan")
    page = bowo.page
    page.reload()
    page.locator("#antrean .chat", has_text=number).get_by_role("button", name="Ambil").click()
    bowo.reads("dimulai")
    toni.hears("Bowo")
    bowo.answers("Dokumen yang mana?")
    bowo.reads("Terkirim")
    expect(toni.line("Dokumen yang mana?")).to_contain_text("Bowo")
    page.locator("#a-catatan summary").click()
    page.locator("#teks-catatan").fill("Sudah pernah bertanya bulan lalu")
    page.get_by_role("button", name="Simpan catatan").click()
    expect(page.locator("#talk .msg.note")).to_contain_text("bulan lalu")
    page.screenshot(path="/tmp/browser/nojs.png", full_page=True)
    end = bowo.act("selesai")
    end.locator("[name=solusi]").fill("Unduh lewat menu Dokumen")
    end.get_by_label("Belum diisi").check()
    cookies = bowo.context.cookies()
    bowo.context.clear_cookies()
    end.get_by_role("button", name="Kirim solusi").click()
    page.screenshot(path="/tmp/browser/nojs2.png", full_page=True)
    print(page.url)
    expect(page.get_by_role("main")).to_contain_text("Unduh lewat menu Dokumen")
    bowo.complaints.clear()
    bowo.context.add_cookies(cookies)
    bowo.opens(number)
    end = bowo.act("selesai")
    end.locator("[name=solusi]").fill("Unduh lewat menu Dokumen")
    end.get_by_label("Belum diisi").check()
    end.get_by_role("button", name="Kirim solusi").click()
    bowo.reads("sudah beres")
    toni.hears("Apakah masalah sudah beres?")
    assert "bulan lalu" not in " ".join(toni.texts())


PAGES = ("/console/masuk", "/console/", "/console/loket", "/console/kerja", "/antrian")


def test_every_page_fits_a_narrow_phone_and_a_thumb(room: Room) -> None:
    narrow = {**PHONE, "viewport": {"width": 390, "height": 844}}
    rina, nita = room.agent("rina", **narrow), room.visitor(**narrow)
    number = nita.wait_for_a_person("Nita " + "Panjangsekali" * 3, "x" * 300 + " error")
    page = rina.page
    take = page.locator("#antrean .chat", has_text=number).get_by_role("button", name="Ambil")
    expect(take).to_be_visible()
    fits(page)
    page.screenshot(path="/tmp/browser/ph-board.png", full_page=True)
    take.tap()
    rina.reads("dimulai")
    fits(page)
    bar = page.locator(".actbar")
    expect(bar.get_by_role("link", name="Balas")).to_be_in_viewport(ratio=1)
    page.screenshot(path="/tmp/browser/ph-ticket.png")
    page.screenshot(path="/tmp/browser/ph-ticket-full.png", full_page=True)
    rina.act("data")
    fits(page)
    bar.get_by_role("link", name="Balas").tap()
    expect(page.get_by_label("Balasan untuk pengguna")).to_be_in_viewport()
    page.screenshot(path="/tmp/browser/ph-balas.png")
    for path in PAGES:
        page.goto(path)
        fits(page)
        page.screenshot(path=f"/tmp/browser/ph{path.replace('/', '-')}.png")
    stranger = room.visitor(**narrow)
    stranger.page.goto("/console/masuk")
    fits(stranger.page)
    stranger.page.screenshot(path="/tmp/browser/ph-login.png")


def fits(page: Page) -> None:
    """Nothing scrolls sideways, and what is pressed is big enough."""
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    small = page.locator(".primary:visible, .actbar :is(a, button):visible").evaluate_all(
        "nodes => nodes.filter((n) => n.getBoundingClientRect().height < 40).map((n) => n.outerHTML)"
    )
    assert small == []


def test_two_desks_that_call_at_once_call_two_numbers(room: Room) -> None:
    desks = [room.agent("rina"), room.agent("bowo")]
    wall = room.visitor(**DESK)
    wall.page.goto("/antrian")
    for agent, desk in zip(desks, ("Loket 1", "Loket 2"), strict=True):
        agent.page.goto("/console/loket")
        agent.page.get_by_role("button", name="Ambil nomor antrean").click()
        expect(agent.page.get_by_role("main")).to_contain_text("A-00")
        agent.page.goto("/console/loket")
        agent.page.get_by_label("Saya di").select_option(desk)
        agent.reads(desk)
    expect(wall.page.locator("#waiting")).to_have_text("2")
    wall.page.screenshot(path="/tmp/browser/wall1.png")
    for agent in desks:
        agent.page.get_by_role("button", name="Panggil berikutnya").evaluate(
            "node => { setTimeout(() => node.click()) }"
        )
    for agent, desk in zip(desks, ("Loket 1", "Loket 2"), strict=True):
        agent.reads(f"dipanggil ke {desk}")
    expect(wall.page.locator("#waiting")).to_have_text("0")
    shown = wall.page.get_by_role("main").inner_text()
    for words in ("A-001", "A-002", "Loket 1", "Loket 2"):
        assert words in shown
    wall.page.screenshot(path="/tmp/browser/wall2.png")
    desks[0].page.screenshot(path="/tmp/browser/loket.png", full_page=True)
