"""An office that is open now, served for real, and the browsers of its agents and users."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, expect

from bot.places import Places
from bot.staff import commands as staff
from tests.bot.test_browser import Device
from tests.process import SECRET_KEY, Served

PASSWORD = "kopi tubruk tiga gelas"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Office(Served):
    """A server whose office has noon now and no holidays, so that it is open on any day. Its
    people's accounts are there before it starts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _open_now)
        (folder / "holidays.py").write_text(_NO_HOLIDAYS)  # found before the library
        self.sessions: dict[str, Any] = {}  # cookies of the agents who are in, by login

    def hire(self, login: str, *roles: str) -> None:
        """An account; the name that users read is the login with a capital."""
        places = Places(data_dir=self.folder, secret_key=SECRET_KEY)
        staff.add(places, login, login.capitalize(), roles, PASSWORD)

    def ticket(self, number: str) -> Any:
        """A ticket's row."""
        (row,) = self.rows("SELECT * FROM tickets WHERE number = ?", number)
        return row


_NO_HOLIDAYS = """def country_holidays(*asked, **more):
    return ()
"""


def _open_now(raw: dict[str, Any]) -> None:
    ahead = 12 - datetime.now(UTC).hour  # hours; signs of these zones are the other way round
    raw["identity"]["timezone"] = f"Etc/GMT{-ahead:+d}"
    raw["hours"] = {day: ["06:00-18:00"] for day in WEEK}
    raw["conversation"]["burst"] = {"breath_seconds": 0.1, "fragment_seconds": 0.1}


class Visitor(Device):
    """A user at the web chat."""

    def __init__(self, chromium: Browser, office: Office, **options: object) -> None:
        super().__init__(chromium, office.url, **options)
        self.page.goto("/")

    def wait_for_a_person(self, name: str, problem: str) -> str:
        """Go through the short form into the queue; the ticket's number."""
        self.say("petugas")
        self.hears("nama lengkap")
        self.say(name)
        self.hears("ermasalahan")
        self.say(problem)
        self.hears("Nomor antrean")
        number: str = self.page.locator(".number").last.inner_text()
        return number

    def says(self, text: str) -> None:
        """Say something that no bot answers."""
        self.say(text)
        expect(self.page.locator(".msg.user .state").last).to_have_text("terkirim")

    def line(self, words: str) -> Locator:
        """The newest message with these words that is not theirs."""
        return self.page.locator(".msg:not(.user)").filter(has_text=words).last

    def sends(self, name: str, kind: str, data: bytes, text: str = "") -> None:
        """A file, with words or without."""
        file = {"name": name, "mimeType": kind, "buffer": data}
        self.page.locator("#file-input").set_input_files(file)  # type: ignore[arg-type]
        expect(self.page.locator("#tray li")).to_have_count(1)
        self.say(text)
        expect(self.page.locator(".msg.user .state").last).to_have_text("terkirim")


class Agent(Device):
    """A browser at the console."""

    def __init__(self, chromium: Browser, office: Office, login: str, **options: object) -> None:
        super().__init__(chromium, office.url, storage_state=office.sessions.get(login), **options)
        self.login = login
        self.office = office
        if login not in office.sessions:
            self.enters()
        self.page.goto("/console/")

    def enters(self) -> None:
        """Through the login page, and on duty."""
        self.page.goto("/console/")
        self.logs_in()
        self.goes_on_duty()

    def logs_in(self) -> None:
        """On the login page."""
        self.page.get_by_label("Nama masuk").fill(self.login)
        self.page.get_by_label("Kata sandi").fill(PASSWORD)
        self.page.get_by_role("button", name="Masuk", exact=True).click()
        expect(self.page.locator("#me-menu")).to_be_visible()
        self.office.sessions[self.login] = self.context.storage_state()

    def goes_on_duty(self) -> None:
        """*Bertugas*, in the menu at the agent's name."""
        self.page.locator("#me-menu summary").click()
        self.page.get_by_role("button", name="Bertugas", exact=True).click()
        self.reads("Anda bertugas")

    def leaves(self) -> None:
        """*Keluar*: this browser's session is over, wherever its cookie is."""
        self.page.locator("#me-menu summary").click()
        self.page.get_by_role("button", name="Keluar").click()
        expect(self.page.get_by_label("Kata sandi")).to_be_visible()
        del self.office.sessions[self.login]

    def takes(self, number: str) -> None:
        """*Ambil* on the board, where the chat appears by itself."""
        self.waits(number).get_by_role("button", name="Ambil", exact=True).click()
        self.reads("dimulai")

    def waits(self, number: str) -> Locator:
        """A waiting chat on the board."""
        return self.page.locator("#antrean .chat").filter(has_text=number)

    def reads(self, words: str) -> None:
        """The sentence at the top of the page."""
        expect(self.page.locator("#flash-place")).to_contain_text(words)

    def opens(self, number: str) -> None:
        """A ticket's page, by its link on the board."""
        self.page.goto("/console/")
        self.page.locator("#daftar").get_by_role("link", name=number).click()
        expect(self.page.get_by_role("heading", name=number)).to_be_visible()

    def answers(self, text: str) -> None:
        """A reply to the user."""
        self.page.get_by_label("Balasan untuk pengguna").fill(text)
        self.page.get_by_role("button", name="Kirim ke pengguna").click()

    def act(self, verb: str) -> Locator:
        """An action's form, unfolded."""
        fold = self.page.locator(f"#a-{verb}")
        if fold.get_attribute("open") is None:
            fold.locator("summary").first.click()
        return fold

    def line(self, words: str) -> Locator:
        """The newest line of the ticket's talk with these words."""
        return self.page.locator("#talk .msg").filter(has_text=words).last
