"""One office's server under load: started with a configuration of its own, and watched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench import people
from storage import schema

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Ports:
    """Where the bot listens, and where the platforms do."""

    bot: int
    api: int


class Server:
    """``loket serve`` on one database. ``per_second`` is WhatsApp's rate in config.yml; with
    ``anatomy`` its parts are timed into that file. The breath that the bot takes before some
    answers is switched off: it would only be added to their time."""

    def __init__(
        self,
        folder: Path,
        database: str,
        ports: Ports,
        per_second: int,
        anatomy: Path | None = None,
    ) -> None:
        self._folder, self._ports = folder, ports
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "nlu").exists():
            shutil.copytree(ROOT / ".cache" / "nlu", folder / "nlu")
        config = yaml.safe_load((ROOT / "config.yml").read_bytes())
        config["channels"]["telegram"] = "webhook"
        config["whatsapp"]["per_second"] = per_second
        config["conversation"]["burst"] = {"breath_seconds": 0, "fragment_seconds": 0}
        path = folder / f"config-{per_second}.yml"
        path.write_text(yaml.safe_dump(config, allow_unicode=True))
        schema.migrate(database)
        program = [str(ROOT / "bench" / "anatomy.py"), str(anatomy)] if anatomy else None
        command = [sys.executable, *(program or ["-m", "bot.cli", "serve"])]
        self._log = (folder / "serve.log").open("ab")
        self._process = subprocess.Popen(
            command, env=self._environ(database, path), cwd=ROOT, stdout=self._log, stderr=self._log
        )
        self._wait()

    def _environ(self, database: str, config: Path) -> dict[str, str]:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("LOKET_")}
        api = f"http://127.0.0.1:{self._ports.api}"
        settings = {
            "DATA_DIR": str(self._folder),
            "DATABASE_URL": database,
            "SECRET_KEY": "b" * 32,
            "PORT": str(self._ports.bot),
            "CONFIG": str(config),
            "PUBLIC_URL": f"http://127.0.0.1:{self._ports.bot}",
            "TELEGRAM_TOKEN": people.TELEGRAM_TOKEN,
            "TELEGRAM_SECRET": people.TELEGRAM_SECRET,
            "TELEGRAM_BASE_URL": api,
            "WHATSAPP_TOKEN": people.WHATSAPP_TOKEN,
            "WHATSAPP_APP_SECRET": people.APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": "benchmark-verify",
            "WHATSAPP_PHONE_NUMBER_ID": people.PHONE_ID,
            "WHATSAPP_BASE_URL": api,
            "LOG_LEVEL": "warning",
        }
        return {**plain, **{f"LOKET_{name}": value for name, value in settings.items()}}

    def _wait(self) -> None:
        while self._process.poll() is None:
            try:
                self._get("/readyz")
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"loket serve did not start; see {self._folder / 'serve.log'}")

    def _get(self, path: str) -> str:
        address = f"http://127.0.0.1:{self._ports.bot}{path}"
        with urllib.request.urlopen(address, timeout=20) as answer:
            return str(answer.read().decode())

    def queue(self) -> dict[str, int]:
        """Messages on their way out, by channel, as /metrics tells."""
        found: dict[str, int] = {}
        for line in self._get("/metrics").splitlines():
            if line.startswith("loket_outbox_rows{"):
                channel = line.split('channel="')[1].partition('"')[0]
                found[channel] = found.get(channel, 0) + int(float(line.split()[-1]))
        return found

    @property
    def cpu(self) -> float:
        """CPU seconds it has used so far."""
        return cpu_of(self._process.pid)

    @property
    def memory(self) -> float:
        """Resident, in MB."""
        with open(f"/proc/{self._process.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def said(self) -> str:
        """The end of its log."""
        return (self._folder / "serve.log").read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        self._log.close()


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def cpu_below(pid: int) -> float:
    """CPU seconds of a process and of all its children."""
    total = cpu_of(pid)
    for other in Path("/proc").glob("[0-9]*"):
        try:
            with open(other / "stat") as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
            total += cpu_of(int(other.name)) if parent == pid else 0.0
        except (OSError, ValueError):
            continue
    return total
