"""A small Rasa project for quick tests, and the real one trained once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nlu.engines.builtin import BuiltinEngine
from nlu.learning import training
from nlu.learning.fingerprint import PROJECT
from nlu.learning.training_data import read_folder
from tests.nlu import real_rasa

SMALL = {
    "greet": "halo min|selamat pagi|assalamualaikum|halo admin selamat siang|permisi kak|pagi pak",
    "thanks": "terima kasih|makasih kak|thanks min|terima kasih banyak pak|makasih ya|suwun mas",
    "affirm": "ya|iya betul|benar|oke lanjut|ya sudah benar|siap setuju",
    "faq_lupa_password_penyedia": "lupa password|password saya lupa gimana|lupa pw akun cv|"
    "reset password penyedia|kata sandi akun pt kami lupa|min pasword sy lupa",
    "faq_upload_gagal": "gagal upload penawaran|upload dokumen error|tidak bisa unggah file|"
    "file penawaran gagal diupload|aplod dokumen gagal terus|upload macet di tengah",
    "faq_sanggah": "cara mengajukan sanggah|masa sanggah sampai kapan|kirim sanggahan lewat mana|"
    "mau sanggah hasil tender|jawaban sanggah belum ada|sanggah ditolak",
    "out_of_scope": "besok hujan tidak|jual mobil bekas|resep nasi goreng|skor bola semalam|"
    "bikin ktp di mana|ceritakan lelucon",
}


def write_project(folder: Path) -> Path:
    """A complete small Rasa project with the real pipeline file."""
    (folder / "data").mkdir(parents=True)
    shutil.copy(PROJECT / "config.yml", folder / "config.yml")
    intents = "".join(f"  - {intent}\n" for intent in SMALL)
    (folder / "domain.yml").write_text(f'version: "3.1"\nintents:\n{intents}')
    items = "".join(
        f"- intent: {intent}\n  examples: |\n"
        + "".join(f"    - {text}\n" for text in texts.split("|"))
        for intent, texts in SMALL.items()
    )
    (folder / "data" / "nlu_small.yml").write_text(f'version: "3.1"\nnlu:\n{items}')
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project")


@pytest.fixture(scope="session")
def small_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BuiltinEngine, str]]:
    """The builtin engine and the address of a real Rasa, both trained on a part of the
    messages, which takes a minute."""
    folder = tmp_path_factory.mktemp("parity")
    examples = read_folder(PROJECT / "data")[::7]
    project = real_rasa.write_project(folder / "project", examples)
    builtin = BuiltinEngine(training.train_project(project))
    with real_rasa.serving(real_rasa.train(project, folder / "models")) as url:
        yield builtin, url
