"""Fill a new data folder with an office at work, to look at the console:

    .venv/bin/python bench/demo.py /tmp/kantor
    LOKET_DATA_DIR=/tmp/kantor LOKET_CONFIG=/tmp/kantor/config.yml .venv/bin/loket serve

Log in at /console as rina, adi, sari or tono; the password is printed. Nobody in it is real.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import struct
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.bootstrap import Loket, build, load_engine  # noqa: E402
from bot.clock import HandClock  # noqa: E402
from bot.config import read_config, read_places  # noqa: E402
from bot.desk_turns import DeskTurns  # noqa: E402
from bot.incoming import ConversationKey, Incoming, IncomingFile  # noqa: E402
from bot.rendering import parse_choice  # noqa: E402
from bot.staff.passwords import Passwords  # noqa: E402
from dialogs.heard import Tap  # noqa: E402
from handoff import actions as a  # noqa: E402
from storage import schema  # noqa: E402
from storage.repositories import agents, conversations, messages, tickets  # noqa: E402
from storage.repositories import clock as clocks  # noqa: E402

PASSWORD = "kopi panas sekali"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STEP = timedelta(minutes=4)  # a longer one would be an outage
STAFF = (
    ("rina", "Rina Marlina", "helpdesk front_office"),
    ("adi", "Adi Nugroho", "helpdesk admin_lpse"),
    ("sari", "Sari Dewi", "koordinator"),
    ("tono", "Tono Wijaya", "kepala_unit admin"),
)
PEOPLE = (
    ("Budi Santoso", "CV Maju Jaya", "Jl. Sudirman No. 5, Batam", "0812-3456-7890", "Penyedia"),
    ("Siti Rahayu", "PT Karya Utama", "Jl. Diponegoro No. 12, Batam", "0857-1111-2222", "Penyedia"),
    ("Agus Salim", "Dinas Kesehatan", "Jl. Merdeka No. 7, Batam", "0813-9988-7766", "PPK"),
    (
        "Dewi Lestari",
        "CV Bina Mandiri",
        "Jl. Ahmad Yani No. 40, Batam",
        "0821-4455-6677",
        "Penyedia",
    ),
    ("Hendra Gunawan", "UKPBJ", "Jl. Engku Putri No. 1, Batam", "0811-2233-4455", "Pokja"),
    ("Maya Sari", "CV Laut Biru", "Jl. Pelabuhan No. 3, Batam", "0852-7788-9900", "Penyedia"),
    ("Rudi Hartono", "Dinas PU", "Jl. Raya No. 8, Batam", "0878-1212-3434", "Pejabat Pengadaan"),
)
PROBLEMS = (
    "Gagal upload dokumen penawaran, di 90% selalu kembali ke awal. Kode tender 8123456.",
    "Lupa kata sandi akun penyedia dan e-mail lama sudah tidak aktif.",
    "Paket dari RUP tidak muncul saat membuat paket tender.",
    "NPWP perusahaan ditolak waktu verifikasi, katanya sudah dipakai akun lain.",
    "Token penawaran tidak terbaca di Apendo sejak pagi ini.",
    "SPSE tidak bisa dibuka, layar putih setelah login.",
    "Akun Pejabat Pengadaan belum bisa membuat paket pengadaan langsung.",
)


class Demo:
    """One office, its clock moved by hand from two days ago until now."""

    def __init__(self, loket: Loket, clock: HandClock) -> None:
        self.loket = loket
        self.clock = clock
        self.staff: dict[str, int] = {}
        self._ids = itertools.count(1)
        self._runner = asyncio.Runner()

    def hire(self) -> None:
        """The accounts, on duty."""
        kept = Passwords().hash(PASSWORD)
        for login, name, roles in STAFF:
            self.staff[login] = self.loket.database.write(
                lambda unit, row=(login, name, roles): agents.add(
                    unit.connection,
                    login=row[0],
                    name=row[1],
                    roles=row[2],
                    password_hash=kept,
                    on_duty=True,
                    created_at=self.clock.now(),
                )
            ).result()

    def say(self, user: str, text: str = "", **what: object) -> None:
        """A user's message, and time for the answer."""
        number = str(next(self._ids))
        event = Incoming(self.key(user), f"{user}:{number}", text=text, message_id=number, **what)  # type: ignore[arg-type]
        self._runner.run(self.loket.intake.handle(event, text.encode()))
        self.wait(seconds=8)

    def tap(self, user: str, label: str) -> None:
        """The newest button with that label."""
        key = self.key(user)

        def read(connection: object) -> str:
            found = conversations.find(connection, key.channel, key.account, key.chat, key.thread)  # type: ignore[arg-type]
            assert found is not None
            for row in reversed(messages.page(connection, found[0], 0, 1000)):  # type: ignore[arg-type]
                for data, shown in _choices(row.body):
                    if shown.lower() == label.lower():
                        return data
            raise LookupError(label)

        step, value = parse_choice(self.loket.database.read(read))
        self.say(user, tap=Tap(value, step))

    def ticket(self, user: str, n: int, urgent: str = "Tidak ada") -> str:
        """The whole form; the number."""
        name, organisation, address, phone, kind = PEOPLE[n % len(PEOPLE)]
        self.say(user, "halo")
        self.tap(user, "Buat tiket")
        for said in (name, organisation, address, phone):
            self.say(user, said)
        self.tap(user, kind)
        self.say(user, PROBLEMS[n % len(PROBLEMS)])
        self.tap(user, "Lanjut")
        self._skip_to(user, urgent)
        self.tap(user, "Kirim")
        return self.newest()

    def _skip_to(self, user: str, label: str) -> None:
        """Leave out what the topic needs, up to the question with this button."""
        for _ in range(4):
            try:
                return self.tap(user, label)
            except LookupError:
                self.tap(user, "Lewati")
        raise LookupError(label)

    def newest(self) -> str:
        """The number of the newest ticket."""

        def read(connection: object) -> str:
            query = "SELECT number FROM tickets ORDER BY id DESC LIMIT 1"
            return str(connection.exec_driver_sql(query).scalar_one())  # type: ignore[attr-defined]

        return self.loket.database.read(read)

    def act(self, login: str, number: str, action: a.Action) -> None:
        """An agent does something."""
        row = self.loket.database.read(lambda c: tickets.by_number(c, number))
        assert row is not None
        done = DeskTurns(self.loket.turns).do(
            self.staff[login], row.id, action, event=f"demo:{next(self._ids)}"
        )
        done.result()
        self.wait(seconds=20)

    def wait(self, **span: float) -> None:
        """Time passes, the clock rings, messages go out, web pages are looked at."""
        left = timedelta(**span)
        while left > timedelta():
            step = min(left, STEP)
            left -= step
            self.clock.move(step)
            now = self.clock.now()
            self.loket.database.write(
                lambda unit, now=now: clocks.beat(unit.connection, "serve", now)
            ).result()
            self.loket.ticker.ring()
            self._runner.run(self.loket.delivery.drain())

    def picture(self, name: str) -> IncomingFile:
        """A screenshot of nothing."""
        data = _png(320, 200)
        return IncomingFile("image", name, "image/png", len(data), None, self.loket.blobs.put(data))

    @staticmethod
    def key(user: str) -> ConversationKey:
        """Everybody writes on the web page."""
        return ConversationKey("web", "web", user)


def _choices(body: str | None) -> list[tuple[str, str]]:
    import json

    return [tuple(c) for c in json.loads(body).get("choices", ())] if body else []


def _png(width: int, height: int) -> bytes:
    """A picture with soft stripes."""
    rows = b"".join(
        b"\0"
        + bytes(v for x in range(width) for v in (200 + y % 40, 225, 215 + (x // 20) % 2 * 30))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def play(demo: Demo) -> None:
    """Two days at the office."""
    closed = demo.ticket("agus", 2)
    demo.act("adi", closed, a.Take())
    demo.act("adi", closed, a.Solve("Paket sudah ditarik ulang dari SiRUP.", "Adi Nugroho"))
    demo.wait(minutes=4)
    demo.tap("agus", "Sudah")
    demo.wait(hours=20)
    lkpp = demo.ticket("dewi", 3)
    demo.act("rina", lkpp, a.Classify("permasalahan", "sedang", "tidak"))
    demo.act("rina", lkpp, a.Escalate("Verifikasi ganda di data nasional, tidak bisa dari LPSE."))
    demo.wait(hours=1)
    demo.ticket("hendra", 6)
    demo.wait(hours=1)
    asked = demo.ticket("siti", 1)
    demo.act("adi", asked, a.Take())
    demo.act(
        "adi",
        asked,
        a.AskData((("Akta perusahaan", "file"), ("NPWP", "text")), "Untuk ganti e-mail."),
    )
    demo.wait(hours=1)
    demo.ticket("rudi", 4, "Kurang dari 24 jam")
    demo.wait(minutes=30)
    main = demo.ticket("budi", 0, "Kurang dari 24 jam")
    demo.act("rina", main, a.Take())
    demo.act("rina", main, a.Classify("gangguan", "besar", "mendesak"))
    demo.act(
        "rina", main, a.ReplyToUser("Selamat pagi Pak Budi. Boleh kirim tangkapan layar galatnya?")
    )
    demo.wait(minutes=2)
    demo.say("budi", "ini min, muncul begini terus", files=(demo.picture("galat upload.png"),))
    demo.act(
        "rina",
        main,
        a.WriteNote("Ukuran berkas 48 MB, kemungkinan batas unggah. Cek dengan tim server."),
    )
    demo.act(
        "rina", main, a.ReplyToUser("Terima kasih. Coba pecah dokumennya di bawah 20 MB dulu ya.")
    )
    demo.wait(minutes=1)
    for user, problem in (
        ("maya", PROBLEMS[5]),
        ("joko", "Mau tanya aktivasi akun, dari kemarin belum bisa."),
    ):
        demo.say(user, "halo")
        demo.say(user, "petugas")
        demo.say(user, user.capitalize())
        demo.say(user, problem)
        demo.wait(minutes=1)


def _always_open(folder: Path) -> Path:
    """A config.yml of an office that never closes, so that chats wait for a person."""
    raw = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    raw["hours"] = {day: ["00:00-23:59"] for day in DAYS}
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def main() -> None:
    """Fill the folder named on the command line."""
    console = Console()
    if len(sys.argv) != 2:
        sys.exit("usage: python bench/demo.py FOLDER")
    places = read_places({**os.environ, "LOKET_DATA_DIR": sys.argv[1]}, ROOT)
    schema.migrate(places.database)
    config_file = _always_open(Path(sys.argv[1]))
    config = read_config(config_file)
    start = datetime.now(UTC) - timedelta(hours=24)
    clock = HandClock(start)
    loket = build(
        config, places, load_engine(config, ROOT / ".cache" / "nlu", console.print), clock=clock
    )
    try:
        demo = Demo(loket, clock)
        demo.hire()
        with console.status("two days at the office"):
            play(demo)
    finally:
        loket.close()
    console.print(f"Log in as {', '.join(login for login, _, _ in STAFF)}; password: {PASSWORD}")


if __name__ == "__main__":
    main()
