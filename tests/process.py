"""``loket serve`` as a process of its own: started, killed, and looked into from outside."""

from __future__ import annotations

import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from storage import schema
from tests.rig import ROOT

SECRET_KEY = "k" * 32
WEBHOOK_SECRET = "s3cret_-s3cret"
CACHE = Path(os.environ.get("LOKET_TEST_CACHE", ROOT / ".cache" / "nlu"))


class Served:
    """One office's server. ``change`` works on the raw config.yml, ``environ`` holds more
    settings (``LOKET_...``), ``module`` is what runs. The model is copied from the tests' cache:
    nothing trains. Another database than its own is migrated by whoever names it."""

    def __init__(
        self,
        folder: Path,
        change: Callable[[dict[str, Any]], None],
        *,
        module: str = "bot.cli",
        **environ: str,
    ) -> None:
        self.folder = folder
        self._module = module
        self.port = quiet_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "loket.db"
        self._log = folder / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copytree(CACHE, folder / "nlu")
        config = yaml.safe_load((ROOT / "config.yml").read_bytes())
        change(config)
        (folder / "config.yml").write_text(yaml.safe_dump(config, allow_unicode=True))
        self._environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("LOKET_")},
            "PYTHONPATH": str(ROOT),
            "LOKET_CONFIG": str(folder / "config.yml"),
            "LOKET_DATA_DIR": str(folder),
            "LOKET_PORT": str(self.port),
            "LOKET_PUBLIC_URL": self.url,
            "LOKET_SECRET_KEY": SECRET_KEY,
            **environ,
        }
        if "LOKET_DATABASE_URL" not in environ:
            schema.migrate(f"sqlite:///{self.database}")

    def spawn(self) -> None:
        """Start the process; ``wait`` says when it answers."""
        assert self._process is None
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module, "serve"],
                cwd=self.folder,
                env=self._environ,
                stdout=log,
                stderr=log,
            )

    def wait(self, seconds: float = 30) -> None:
        """Until the server takes connections."""
        assert self._process is not None
        end = time.monotonic() + seconds
        while not _listens(self.port):
            gone = self._process.poll() is not None
            assert not gone, f"loket serve ended: {self.log()}"
            assert time.monotonic() < end, f"loket serve did not start: {self.log()}"
            time.sleep(0.02)

    def start(self) -> None:
        """Start the process and wait for it."""
        self.spawn()
        self.wait()

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is closed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def stop(self, seconds: float = 30) -> int:
        """SIGTERM, and wait; the exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(seconds)
        self._process = None
        return code

    def log(self) -> str:
        """The end of what the server said."""
        return self._log.read_text(errors="replace")[-6000:] if self._log.exists() else ""

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Any query on the database, beside the running server."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


def quiet_port() -> int:
    """A free port from below those that outgoing connections get: it stays free while the
    server that belongs to it is down."""
    while True:
        port = random.SystemRandom().randint(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def eventually(
    what: Callable[[], Any], seconds: float = 20, hint: Callable[[], object] = str
) -> Any:
    """Wait until ``what`` holds; what it gave."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"it did not happen in {seconds:g} s: {hint()}"
        time.sleep(0.05)
    return found


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
