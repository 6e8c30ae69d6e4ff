"""The command ``loket``, as an operator meets it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from click.testing import CliRunner, Result

from bot import cli
from bot.staff.passwords import Passwords
from nlu.engines.port import Engine
from storage import schema
from tests.process import CACHE
from tests.rig import PNG, ROOT, Rig

KEY = "k" * 32
TOKEN = "123456:" + "T" * 35


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once."""
    path = tmp_path_factory.mktemp("migrated") / "loket.db"
    schema.migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def office(tmp_path: Path, engine: Engine, migrated: Path) -> Path:
    """An office's folder: config.yml, and a data folder with a migrated database and a model."""
    (tmp_path / "config.yml").write_bytes((ROOT / "config.yml").read_bytes())
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "nlu").symlink_to(CACHE)
    shutil.copy(migrated, tmp_path / "var" / "loket.db")
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LOKET_")}
    return {**kept, "PYTHONPATH": str(ROOT), "LOKET_PORT": "0", "TERM": "dumb", **more}


def start(office: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    """The real program, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot.cli", *words],
        cwd=office,
        env=environment(**more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def here(office: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The office's folder is where this process works, without settings of its own."""
    for name in [name for name in os.environ if name.startswith("LOKET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(office)
    return office


def call(*words: str, **environ: str) -> Result:
    """The same within this process, which is faster."""
    return CliRunner().invoke(cli.main, words, env=environ, prog_name="loket")


def refused(done: Result) -> str:
    """The one line it was refused with."""
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    (line,) = done.output.strip().splitlines()
    assert line.startswith("loket: ")
    return line


def change(office: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    raw = yaml.safe_load((office / "config.yml").read_text(encoding="utf-8"))
    edit(raw)
    (office / "config.yml").write_text(yaml.safe_dump(raw, allow_unicode=True))


def test_mistakes_end_the_real_program_with_one_line(office: Path) -> None:
    """All at once, since each start takes a while."""
    (office / "broken").mkdir()
    (office / "broken" / "secret.key").write_text("short")
    shutil.copy(office / "var" / "loket.db", office / "broken" / "loket.db")
    (office / "typo.yml").write_text("identitas: {}\n")
    (office / "twice.yml").write_text("hours: {}\nhours: {}\n")
    mistakes = {
        "LOKET_PROT is not known": start(office, "serve", LOKET_PROT="8080"),
        "identitas is not known": start(office, "serve", LOKET_CONFIG="typo.yml"),
        "line 2: the key hours stands here a second time": start(
            office, "check", LOKET_CONFIG="twice.yml"
        ),
        "secret.key is damaged": start(office, "serve", LOKET_DATA_DIR="broken"),
    }
    for words, process in mistakes.items():
        out, error = process.communicate(timeout=60)
        assert process.returncode == 1
        assert out == ""
        assert error.count("\n") == 1
        assert error.startswith("loket: ")
        assert words in error
        assert "Traceback" not in error


def test_a_port_in_use_is_one_line(here: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refused(call("serve", LOKET_PORT=port))
    assert f"LOKET_PORT={port}" in line
    assert "in use" in line
    assert "free port" in line


def test_a_host_that_is_not_ours_is_one_line(here: Path) -> None:
    assert "LOKET_HOST='192.0.2.1'" in refused(call("serve", LOKET_HOST="192.0.2.1"))
    assert "LOKET_HOST='..'" in refused(call("serve", LOKET_HOST=".."))


def test_a_second_serve_on_the_same_database_is_refused(here: Path) -> None:
    with (here / "var" / "loket.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        line = refused(call("serve", LOKET_PORT="0"))
    assert "another `loket serve`" in line
    assert "LOKET_DATA_DIR" in line


@pytest.mark.parametrize("word", ["serve", "chat", "worklist"])
def test_a_database_of_another_release_is_refused(here: Path, word: str) -> None:
    with sqlite3.connect(here / "var" / "loket.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    line = refused(call(word, LOKET_PORT="0"))
    assert "9999" in line
    assert schema.HEAD in line
    assert "loket migrate" in line


@pytest.mark.parametrize("word", ["serve", "chat", "worklist"])
def test_a_database_that_was_never_migrated_says_what_to_do(here: Path, word: str) -> None:
    (here / "var" / "loket.db").unlink()
    assert "loket migrate" in refused(call(word, LOKET_PORT="0"))


@pytest.mark.parametrize("word", ["serve", "worklist", "migrate"])
def test_a_file_that_is_no_database_is_one_line(here: Path, word: str) -> None:
    (here / "var" / "loket.db").write_text("no database at all, but long enough to be read")
    assert "not a database" in refused(call(word, LOKET_PORT="0"))


@pytest.mark.parametrize("word", ["serve", "chat", "worklist", "migrate"])
def test_a_data_folder_that_cannot_be_used_is_one_line(here: Path, word: str) -> None:
    (here / "file").write_text("")
    refused(call(word, LOKET_PORT="0", LOKET_DATA_DIR="file/below"))
    refused(call(word, LOKET_PORT="0", LOKET_DATA_DIR="/proc/loket"))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "LOKET_TELEGRAM_SECRET"),
        ({"LOKET_TELEGRAM_SECRET": "s3cret_s3cret"}, "LOKET_PUBLIC_URL"),
    ],
)
def test_a_webhook_needs_its_secret_and_address(
    here: Path, given: dict[str, str], missing: str
) -> None:
    change(here, lambda raw: raw["channels"].update(telegram="webhook"))
    line = refused(call("serve", LOKET_PORT="0", LOKET_TELEGRAM_TOKEN=TOKEN, **given))
    assert f"{missing} is missing" in line
    assert "polling" in line
    assert TOKEN not in line


def test_postgresql_needs_the_key(here: Path) -> None:
    url = "postgresql://loket:hush@127.0.0.1:9/loket"
    line = refused(call("serve", LOKET_PORT="0", LOKET_DATABASE_URL=url))
    assert "LOKET_SECRET_KEY is missing" in line
    assert "hush" not in line


@pytest.mark.parametrize("word", ["serve", "worklist", "migrate"])
def test_a_postgresql_that_is_away_is_one_line_without_its_password(here: Path, word: str) -> None:
    environ = {
        "LOKET_DATABASE_URL": "postgresql://loket:hush@127.0.0.1:9/loket",
        "LOKET_SECRET_KEY": KEY,
        "LOKET_PORT": "0",
    }
    line = refused(call(word, **environ))
    assert "refused" in line
    assert "hush" not in line


@pytest.mark.parametrize("word", ["check", "serve"])
def test_a_fault_in_the_office_s_own_text_stops_the_start(here: Path, word: str) -> None:
    (here / "kata").mkdir()
    (here / "kata" / "greeting.j2").write_text("Halo {{ nama }}")
    change(here, lambda raw: raw.update(texts="kata"))
    line = refused(call(word, LOKET_PORT="0"))
    assert "greeting.j2" in line
    assert "nama" in line


def test_check_says_that_all_is_good(here: Path) -> None:
    done = call("check")
    assert done.exit_code == 0
    assert re.fullmatch(
        r"The configuration is good: \d+ texts, \d+ answers, \d+ canned replies\.\n", done.output
    )


def test_check_needs_no_database(here: Path) -> None:
    (here / "var" / "loket.db").unlink()
    assert call("check").exit_code == 0
    assert not (here / "var" / "loket.db").exists()


def test_the_bare_command_lists_the_words(here: Path) -> None:
    for words in ((), ("--help",), ("-h",)):
        output = call(*words).output
        for word in ("serve", "migrate", "chat", "worklist", "check"):
            assert f"\n  {word}" in output
        assert "..." not in output.split("Commands:")[1]


# loket agent


LINK = re.compile(r"http://127\.0\.0\.1:\d+/console/sandi/[\w-]{32}$", re.MULTILINE)


def hire(login: str = "siti", *more: str, role: str = "admin") -> Result:
    done = call("agent", "add", login, "--name", "Siti H.", "--role", role, *more)
    assert done.exit_code == 0, done.output
    return done


def accounts(office: Path, columns: str = "*") -> list[Any]:
    with closing(sqlite3.connect(office / "var" / "loket.db")) as raw:
        return raw.execute(f"SELECT {columns} FROM agents ORDER BY id").fetchall()


def test_an_account_is_made_with_a_link_for_its_password(here: Path) -> None:
    output = hire("SITI", "--role", "helpdesk").output
    assert output.startswith("siti is added.")
    assert LINK.search(output)
    row = ("siti", "Siti H.", "helpdesk admin", None)
    assert accounts(here, "login, name, roles, password_hash") == [row]


def test_an_account_is_made_with_a_password_from_standard_input(here: Path) -> None:
    words = ("--name", "Siti", "--role", "admin", "--password")

    def piped(login: str, password: str) -> Result:
        given = ("agent", "add", login, *words)
        return CliRunner().invoke(cli.main, given, input=f"{password}\n", prog_name="loket")

    assert piped("siti", "kuda makan rumput").output == "siti is added.\n"
    ((kept,),) = accounts(here, "password_hash")
    assert Passwords().matches(kept, "kuda makan rumput")
    assert "minimal 10 karakter" in refused(piped("bayu", "pendek"))
    assert len(accounts(here)) == 1


def test_accounts_are_listed(here: Path) -> None:
    assert call("agent", "list").output == "Agents: none\n"
    hire()
    output = call("agent", "list", COLUMNS="120").output
    for word in ("siti", "Siti H.", "admin", "no password yet"):
        assert word in output


def test_roles_are_changed_and_the_last_admin_stays(here: Path) -> None:
    hire()
    hire("bayu")
    done = call("agent", "roles", "siti", "--role", "koordinator", "--role", "helpdesk")
    assert done.output == "siti has the roles helpdesk, koordinator.\n"
    assert "satu-satunya" in refused(call("agent", "roles", "bayu", "--role", "helpdesk"))
    assert "satu-satunya" in refused(call("agent", "remove", "bayu"))
    assert "Pilih sedikitnya satu peran" in refused(call("agent", "roles", "bayu", "--role", "x"))


def test_an_account_is_removed_and_comes_back_with_a_new_link(here: Path) -> None:
    hire()
    hire("bayu", role="helpdesk")
    assert "bayu is removed" in call("agent", "remove", "bayu").output
    assert accounts(here, "active") == [(1,), (0,)]
    assert "sudah dinonaktifkan" in refused(call("agent", "password", "bayu"))
    assert LINK.search(call("agent", "restore", "bayu").output)
    assert accounts(here, "active") == [(1,), (1,)]


def test_a_new_password_link_is_printed(here: Path) -> None:
    hire()
    assert LINK.search(call("agent", "password", "siti").output)


def test_telegram_is_told_and_unlinked(here: Path) -> None:
    hire()
    assert "/console/saya" in call("agent", "telegram", "siti").output
    with closing(sqlite3.connect(here / "var" / "loket.db")) as raw, raw:
        raw.execute("UPDATE agents SET telegram_user = '4711'")
    assert "4711" in call("agent", "telegram", "siti").output
    assert call("agent", "telegram", "siti", "--unlink").exit_code == 0
    assert accounts(here, "telegram_user") == [(None,)]


@pytest.mark.parametrize("word", ["roles", "remove", "restore", "password", "telegram"])
def test_an_account_that_is_not_there_is_one_line(here: Path, word: str) -> None:
    more = ("--role", "admin") if word == "roles" else ()
    assert "Tidak ada akun" in refused(call("agent", word, "siapa", *more))


def test_an_unknown_word_is_told(here: Path) -> None:
    done = call("srve")
    assert done.exit_code == 2
    assert "No such command" in done.output


def test_migrating_twice_is_harmless(here: Path) -> None:
    for _ in range(2):
        done = call("migrate")
        assert (done.exit_code, done.output) == (
            0,
            f"The database is at revision {schema.HEAD}.\n",
        )


def test_an_empty_worklist_says_so(here: Path) -> None:
    done = call("worklist")
    assert done.exit_code == 0
    assert done.output.count(": none") == 7


@pytest.mark.parametrize("limit", ["0", "-1", "x", "99999999999999999999"])
def test_a_worklist_needs_a_sensible_limit(here: Path, limit: str) -> None:
    assert call("worklist", "--limit", limit).exit_code == 2


@pytest.fixture
def busy(here: Path, engine: Engine) -> Iterator[Rig]:
    """An office where people wait."""
    rig = Rig(here / "var", engine)
    rig.hire("rina", "helpdesk")
    for words in ("saya mau bicara dengan petugas", "Budi Santoso", "akun saya terkunci"):
        rig.say(words)
    rig.say("harga [red]beras[/nope] di pasar induk", "tono")
    rig.say("min, buat tiket", "sari")
    for answer in ("Sari Dewi", "CV Maju", "Jl. Sudirman 5 Batam", "0812-3456-7890"):
        rig.say(answer, "sari")
    rig.tap("Penyedia", "sari")
    for step in ("gagal upload penawaran terus", "lanjut", "lewati semua"):
        rig.say(step, "sari")
    rig.tap("Tidak ada", "sari")
    rig.tap("Kirim", "sari")
    yield rig
    rig.close()


def test_a_worklist_shows_what_waits(busy: Rig) -> None:
    assert busy.count("tickets") == 2
    done = call("worklist", COLUMNS="160")
    assert done.exit_code == 0
    number = busy.rows("SELECT number FROM tickets ORDER BY id DESC")[0][0]
    waiting = busy.rows("SELECT number FROM human_requests")[0][0]
    assert number in done.output
    assert waiting in done.output
    assert "23-11-2026 09.00" in done.output  # the office's own time
    assert "[red]" in done.output  # as typed, not as markup
    assert "Personal-data requests: none" in done.output


def test_a_worklist_in_a_narrow_window_shows_numbers_whole(busy: Rig) -> None:
    number = busy.rows("SELECT number FROM tickets ORDER BY id DESC")[0][0]
    assert number in call("worklist", COLUMNS="80").output


def test_one_case_is_shown_whole_and_a_request_is_done_once(busy: Rig) -> None:
    number = busy.rows("SELECT number FROM tickets ORDER BY id DESC")[0][0]
    waiting = busy.rows("SELECT number FROM human_requests")[0][0]
    shown = call("show", number.lower(), COLUMNS="120")
    assert shown.exit_code == 0
    assert "gagal upload penawaran" in shown.output
    assert "Sari Dewi" in shown.output
    assert call("done", waiting).exit_code == 0
    assert waiting not in call("worklist", COLUMNS="160").output


@pytest.mark.parametrize("number", ["LPSE-2611-99999-X", "", "x", "[red]", "'; DROP TABLE tickets"])
def test_an_unknown_number_is_one_line(here: Path, number: str) -> None:
    refused(call("show", number))
    refused(call("done", number))


# loket serve, and how it ends


def test_ctrl_c_ends_serve_cleanly_and_without_a_word(office: Path) -> None:
    process = start(office, "serve")
    assert process.stderr is not None
    first = process.stderr.readline()
    assert re.search(r"on http://127\.0\.0\.1:[1-9]\d*$", first.strip())
    assert "Ctrl+C" in process.stderr.readline()
    assert "first account" in process.stderr.readline()
    link = process.stderr.readline().strip()  # whole, however narrow the window is
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/console/mulai/[\w-]{32}", link)
    with urlopen(link) as page:
        assert "Buat akun pertama" in page.read().decode()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error == ""
    assert not (office / "var" / "loket.db-wal").exists()  # closed, not cut off


# loket chat


class Terminal:
    """A terminal of 80 columns with ``loket chat`` in it."""

    def __init__(self, office: Path) -> None:
        self._mine, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "chat"],
            cwd=office,
            env=environment(TERM="xterm", COLUMNS="80"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl+C comes from it
        )
        os.close(theirs)
        self._seen = ""

    def until(self, words: str, seconds: float = 40) -> str:
        """Wait for words on the screen; what came up to them, without colours and frames."""
        end = time.monotonic() + seconds
        while words not in self._plain():
            assert time.monotonic() < end, f"{words!r} did not come: {self._plain()}"
            self._read()
        shown = self._plain()
        self._seen = shown.partition(words)[2]
        return shown.partition(words)[0] + words

    def _read(self) -> None:
        ready, _, _ = select.select([self._mine], [], [], 0.2)
        if ready:
            with suppress(OSError):  # it has ended
                self._seen += os.read(self._mine, 1 << 16).decode(errors="replace")

    def type(self, line: str) -> None:
        self.until("> ")
        os.write(self._mine, f"{line}\n".encode())

    def press(self, key: bytes) -> int:
        """Press a key that ends the program; its exit code."""
        os.write(self._mine, key)
        end = time.monotonic() + 20
        while self.process.poll() is None:
            assert time.monotonic() < end, "it did not end"
            self._read()  # a terminal that is not read holds up who writes
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        os.close(self._mine)

    def _plain(self) -> str:
        text = re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", self._seen)
        return re.sub(r"\s*[│╭╮╰╯─\r\n]+\s*", " ", text)


@pytest.fixture
def terminal(office: Path) -> Iterator[Terminal]:
    terminal = Terminal(office)
    yield terminal
    terminal.close()


def test_a_whole_form_in_a_terminal_which_ctrl_c_then_leaves(
    terminal: Terminal, office: Path
) -> None:
    picture = office / "layar [1].png"
    picture.write_bytes(PNG)
    terminal.type("buat tiket")
    terminal.until("nama lengkap")
    terminal.type("Budi Santoso")
    terminal.until("perusahaan")
    terminal.type("CV Maju Jaya")
    terminal.until("alamat")
    terminal.type("Jl. Sudirman No. 5, Batam")
    terminal.until("telepon/HP")
    terminal.type("0812-3456-7890")
    terminal.until("1. Penyedia")
    terminal.type("1")
    terminal.until("ermasalahan")
    terminal.type("gagal upload penawaran, muncul error 500")
    terminal.type("/berkas")
    terminal.until("/berkas NAMA")
    terminal.type("/berkas nowhere.png")
    terminal.until("tidak bisa dibaca")
    terminal.type("/berkas ~nobody-here/x.png")
    terminal.until("tidak bisa dibaca")
    terminal.type("/berkas config.yml")
    terminal.until("tidak bisa kami terima")
    terminal.type(f"/berkas {picture}")
    terminal.type("lanjut")
    terminal.until("Data 1 dari")
    terminal.type("lewati semua")
    terminal.until("atas waktu")
    terminal.type("tidak ada")
    terminal.until("Berkas: 1")
    terminal.type("kirim")
    number = re.search(r"LPSE-[0-9A-Z-]+", terminal.until("sudah dibuat"))
    assert number is not None
    assert terminal.press(b"\x03") == 130  # Ctrl+C
    with sqlite3.connect(office / "var" / "loket.db") as database:
        tickets = database.execute("SELECT number FROM tickets").fetchall()
        files = database.execute("SELECT ticket_id, kind, mime FROM attachments").fetchall()
    database.close()
    assert tickets == [(number[0],)]
    assert files == [(1, "image", "image/png")]


def test_a_chat_reads_what_is_piped_into_it(office: Path) -> None:
    process = start(office, "chat")
    out, error = process.communicate("lupa password akun\n", timeout=60)
    assert process.returncode == 0
    assert error == ""
    assert "password" in out.lower()
