"""People at work, in real browsers: the console, the counter and the users' page at once.

Nothing here reloads a page to see what another did: what is expected appears by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from nlu.engines.port import Engine
from tests.bot.desk_pages import Agent, Office, Visitor
from tests.bot.test_browser import ARGS, CHROMIUM, PHONE, Device, screenshot

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
DESK = {"viewport": {"width": 1280, "height": 800}, "locale": "id-ID"}
NARROW = {**PHONE, "viewport": {"width": 390, "height": 844}}
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


def test_from_the_queue_to_the_closing_notice_everybody_sees_each_step(
    room: Room, office: Office
) -> None:
    rina, budi = room.agent("rina"), room.visitor()
    number = budi.wait_for_a_person("Budi Santoso", "Gagal upload penawaran, muncul error 500")
    expect(rina.waits(number)).to_contain_text("Budi Santoso")
    rina.takes(number)
    budi.hears("Rina")
    rina.answers("Selamat siang, paket yang mana?")
    expect(budi.line("paket yang mana?")).to_contain_text("Rina")
    budi.says("Paket 44012, min")
    expect(rina.line("Paket 44012")).to_contain_text("Budi Santoso")

    asks_for_data(rina, budi)
    goes_up_and_comes_back(rina, budi, room.agent("tono"), number)
    is_solved(rina, budi, number)
    assert office.ticket(number)["close_reason"] == "solved"
    rina.page.goto("/console/?status=ditutup")
    expect(rina.page.locator("#daftar .row").filter(has_text=number)).to_contain_text("Ditutup")


def asks_for_data(agent: Agent, user: Visitor) -> None:
    ask = agent.act("data")
    ask.locator("[name=item_1]").fill("Nomor NPWP")
    ask.locator("[name=macam_1]").select_option("text")
    ask.locator("[name=item_2]").fill("Tangkapan layar")
    ask.locator("[name=macam_2]").select_option("file")
    ask.get_by_role("button", name="Kirim permintaan").click()
    agent.reads("dikirim")
    expect(agent.page.locator("#kepala")).to_contain_text("Menunggu data")
    user.hears("1. Nomor NPWP")
    user.says("NPWP kami 01.234.567.8-901.234")
    user.sends("layar.png", "image/png", screenshot())
    expect(agent.line("01.234.567.8-901.234")).to_be_visible()
    expect(agent.line("layar.png")).to_be_visible()
    user.tap("Sudah lengkap")
    user.hears("kami teruskan")
    expect(agent.page.locator("#kepala")).to_contain_text("Diproses")


def goes_up_and_comes_back(agent: Agent, user: Visitor, above: Agent, number: str) -> None:
    tried, guidance = "Sudah coba ganti peramban, tetap 500", "Matikan add-on peramban dulu"
    escalate = agent.act("eskalasi")
    escalate.locator("textarea").fill(tried)
    escalate.get_by_role("button", name="Eskalasi").click()
    agent.reads("dieskalasi ke Koordinator")
    expect(user.line("ditangani Koordinator Helpdesk")).to_contain_text(number)
    row = above.page.locator("#daftar .row").filter(has_text=number)
    expect(row).to_contain_text("Dieskalasi")
    row.get_by_role("link", name=number).click()
    expect(above.line(tried)).to_contain_text("tidak terlihat pengguna")
    back = above.act("kembalikan")
    back.locator("textarea").fill(guidance)
    back.get_by_role("button", name="Kembalikan").click()
    above.reads("kembali ke Helpdesk")
    expect(agent.page.locator("#kepala")).to_contain_text("Helpdesk LPSE")
    expect(agent.line(guidance)).to_contain_text("tidak terlihat pengguna")
    assert not any(words in said for words in (tried, guidance) for said in user.texts())


def is_solved(agent: Agent, user: Visitor, number: str) -> None:
    solve = agent.act("selesai")
    solve.locator("[name=solusi]").fill("Matikan add-on, lalu unggah lagi")
    solve.get_by_label("Belum diisi").check()
    solve.get_by_role("button", name="Kirim solusi").click()
    agent.reads("sudah beres")
    user.hears("Apakah masalah sudah beres?")
    user.tap("Sudah")
    expect(agent.page.locator("#kepala")).to_contain_text("Ditutup")
    closing = user.line("Formulir Konsultasi")
    for words in (number, "Budi Santoso", "muncul error 500", "Pemberi Penjelasan: Rina"):
        expect(closing).to_contain_text(words)
    user.hears("Pilih 1 (kurang) sampai 5")
    user.tap("5")
    expect(agent.page.locator("#formulir")).to_contain_text("5 dari 5")


def test_of_two_who_take_a_chat_at_once_one_wins_and_the_other_reads_who(
    room: Room, office: Office
) -> None:
    agents, sari = [room.agent("rina"), room.agent("bowo")], room.visitor()
    number = sari.wait_for_a_person("Sari Dewi", "Tidak bisa masuk ke akun penyedia")
    press_at_once([agent.waits(number).get_by_role("button", name="Ambil") for agent in agents])
    for agent in agents:
        expect(agent.page.locator("#flash-place p")).to_be_visible()
    (holder,) = office.rows(
        "SELECT a.login, a.name, h.state FROM tickets t JOIN agents a ON a.id = t.agent_id"
        " JOIN human_requests h ON h.ticket_id = t.id AND h.agent_id = a.id WHERE t.number = ?",
        number,
    )
    assert holder["state"] == "live"
    winner, other = sorted(agents, key=lambda agent: agent.login != holder["login"])
    winner.reads("dimulai")
    other.reads(f"sudah diambil {holder['name']}")
    other.complaints.clear()  # the browser itself says that it was a conflict
    sari.says("Halo, sudah ada orangnya?")
    for agent in agents:
        expect(agent.line("sudah ada orangnya")).to_be_visible()


def press_at_once(buttons: list[Locator]) -> None:
    """The second is pressed before the first has an answer."""
    for button in buttons:
        expect(button).to_be_visible()
    for button in buttons:
        button.evaluate("node => { setTimeout(() => node.click()) }")


EVIL = '<img src=x onerror="window.hit=1"><script>window.hit=1</script><b>tebal</b>'


def test_script_in_words_and_in_a_file_name_is_only_text(room: Room) -> None:
    rina, eve = room.agent("rina"), room.visitor()
    number = eve.wait_for_a_person("Eve <b>tebal</b>", EVIL)
    expect(rina.waits(number)).to_contain_text(EVIL)
    is_text(rina.page)
    rina.takes(number)
    eve.hears("Rina")
    eve.says(f"lagi: {EVIL}")
    expect(rina.line("lagi: ")).to_contain_text(EVIL)
    eve.sends('"><img src=x onerror=window.hit=1>.png', "image/png", screenshot())
    expect(rina.line("onerror=window.hit=1>.png")).to_be_visible()
    rina.answers(f"balas: {EVIL}")
    for device in (rina, eve):
        expect(device.line("balas: ")).to_contain_text(EVIL)
        device.page.reload()
        expect(device.line("balas: ")).to_contain_text(EVIL)
        is_text(device.page)


def is_text(page: Page) -> None:
    """Nothing of ``EVIL`` became an element or ran."""
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src=x], b:text-is('tebal')").count() == 0


def test_a_reply_that_is_being_typed_survives_news_and_the_end_of_the_session(
    room: Room, office: Office
) -> None:
    rina, dewi = room.agent("rina"), room.visitor()
    rina.takes(dewi.wait_for_a_person("Dewi Lestari", "Sertifikat tidak terbaca"))
    dewi.hears("Rina")
    box, typed = rina.page.get_by_label("Balasan untuk pengguna"), "Baik, coba peramban lain"
    box.press_sequentially(typed[:11])
    dewi.says("Sudah saya pasang ulang, min")
    expect(rina.line("pasang ulang")).to_be_visible()
    expect(box).to_be_focused()
    box.press_sequentially(typed[11:])
    expect(box).to_have_value(typed)

    elsewhere = room.agent("rina")
    elsewhere.leaves()
    dewi.says("Masih belum bisa, min")
    rina.reads("Sesi sudah berakhir")  # by itself
    rina.page.get_by_role("button", name="Kirim ke pengguna").click()
    rina.reads("Belum terkirim")
    expect(box).to_have_value(typed)
    rina.complaints.clear()  # the browser itself says that it was refused
    rina.page.reload()
    rina.logs_in()
    expect(box).to_have_value(typed)  # on the same ticket's page
    rina.page.get_by_role("button", name="Kirim ke pengguna").click()
    expect(dewi.line(typed)).to_contain_text("Rina")
    assert len(office.rows("SELECT 1 FROM messages WHERE text LIKE ?", f"%{typed}")) == 1
    rina.goes_on_duty()


def test_everything_works_without_script(room: Room) -> None:
    bowo, toni = room.agent("bowo", java_script_enabled=False), room.visitor()
    number = toni.wait_for_a_person("Toni", "Tidak bisa unduh dokumen pemilihan")
    page = bowo.page
    page.reload()
    bowo.takes(number)
    toni.hears("Bowo")
    bowo.answers("Dokumen yang mana?")
    bowo.reads("Terkirim")
    expect(toni.line("Dokumen yang mana?")).to_contain_text("Bowo")
    page.locator("#a-catatan summary").click()
    page.locator("#teks-catatan").fill("Pernah bertanya bulan lalu")
    page.get_by_role("button", name="Simpan catatan").click()
    expect(bowo.line("bulan lalu")).to_contain_text("tidak terlihat pengguna")

    solution, cookies = "Unduh lewat menu Dokumen", bowo.context.cookies()
    solve = bowo.act("selesai")
    solve.locator("[name=solusi]").fill(solution)
    bowo.context.clear_cookies()  # what the end of a session is to this browser
    solve.get_by_role("button", name="Kirim solusi").click()
    expect(page.get_by_role("heading", name="Sesi berakhir")).to_be_visible()
    expect(page.get_by_text(solution)).to_be_visible()  # to be copied from there
    bowo.complaints.clear()  # the browser itself says that it was refused
    bowo.context.add_cookies(cookies)  # type: ignore[arg-type]
    bowo.opens(number)
    solve = bowo.act("selesai")
    solve.locator("[name=solusi]").fill(solution)
    solve.get_by_label("Belum diisi").check()
    solve.get_by_role("button", name="Kirim solusi").click()
    bowo.reads("sudah beres")
    toni.hears("Apakah masalah sudah beres?")
    assert not any("bulan lalu" in said for said in toni.texts())


def test_every_page_fits_a_narrow_phone_and_a_thumb(room: Room) -> None:
    rina, nita = room.agent("rina", **NARROW), room.visitor(**NARROW)
    number = nita.wait_for_a_person("Nita " + "Panjangsekali" * 3, "x" * 300 + " error")
    page = rina.page
    expect(rina.waits(number)).to_be_visible()
    fits(page)
    rina.takes(number)
    bar = page.locator(".actbar")
    expect(bar.get_by_role("link", name="Balas")).to_be_in_viewport(ratio=1)
    assert bar.evaluate("node => node.getBoundingClientRect().bottom === innerHeight")
    rina.act("data")
    fits(page)
    bar.get_by_role("link", name="Balas").tap()
    expect(page.locator("label[for=teks-balas]")).to_be_in_viewport(ratio=1)
    for path in ("/console/loket", "/console/kerja", "/antrian"):
        page.goto(path)
        fits(page)
    nita.page.goto("/console/masuk")
    fits(nita.page)


def fits(page: Page) -> None:
    """Nothing scrolls sideways, and what is pressed is big enough."""
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.evaluate("innerWidth") == 390  # a phone zooms out where something is too wide
    small = page.locator(".primary:visible, .actbar :is(a, button):visible").evaluate_all(
        "all => all.filter((n) => n.getBoundingClientRect().height < 40).map((n) => n.outerHTML)"
    )
    assert small == []


def test_two_desks_that_call_at_once_call_two_numbers(room: Room) -> None:
    desks = {"Loket 1": room.agent("rina"), "Loket 2": room.agent("bowo")}
    wall = room.visitor(**DESK).page
    wall.goto("/antrian")
    for desk, agent in desks.items():
        agent.page.goto("/console/loket")
        agent.page.get_by_role("button", name="Ambil nomor antrean").click()
        expect(agent.page.get_by_role("main")).to_contain_text("A-00")  # the slip
        agent.page.goto("/console/loket")
        agent.page.get_by_label("Saya di").select_option(desk)
        agent.reads(desk)
    expect(wall.locator("#waiting")).to_have_text("2")
    buttons = [a.page.get_by_role("button", name="Panggil berikutnya") for a in desks.values()]
    press_at_once(buttons)
    for desk, agent in desks.items():
        agent.reads(f"dipanggil ke {desk}")
    expect(wall.locator("#waiting")).to_have_text("0")
    for words in ("A-001", "A-002", *desks):
        expect(wall.get_by_role("main")).to_contain_text(words)
