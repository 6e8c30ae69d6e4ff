"""What can be wrong with an answer file, told by file and line: in English for the log and the
command line, in Indonesian for the people of the office."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

# what is wrong -> (English, Indonesian)
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "unreadable": ("it cannot be read ({why})", "tidak bisa dibaca ({why})"),
    "gone": ("there is no such folder of answers", "foldernya tidak ada"),
    "no_file": ("it is no ordinary file", "bukan berkas biasa"),
    "too_big": ("it is larger than {most} kB", "lebih besar dari {most} kB"),
    "name": (
        "name it after the topic: 2 to 40 of a-z, 0-9 and _",
        "beri nama menurut topiknya: 2 sampai 40 huruf a-z, angka, atau _",
    ),
    "twice": (
        "it answers the same topic as {other}; keep one of them",
        "topiknya sama dengan {other}; pakai salah satu saja",
    ),
    "no_text": (
        "it is not readable as UTF-8 text; save it as UTF-8",
        "bukan teks UTF-8; simpan sebagai UTF-8",
    ),
    "control": ("it holds a character that is no text", "ada karakter yang bukan teks"),
    "yaml": (
        "not readable as YAML: {why}",
        "bukan YAML yang benar; periksa tanda kutip, kurung, dan spasi di awal baris",
    ),
    "tab": (
        "not readable as YAML: indent with spaces, not with a tab",
        "bukan YAML yang benar: menjorok dengan spasi, bukan dengan tab",
    ),
    "colon": (
        "not readable as YAML: put a text that holds a colon in quotes",
        "bukan YAML yang benar: teks yang memuat titik dua harus diapit tanda kutip",
    ),
    "deep": (
        "not readable as an answer: nested too deeply, or with YAML aliases",
        "bukan jawaban yang benar: terlalu bersarang, atau memakai alias YAML",
    ),
    "empty": ("it is empty", "berkasnya kosong"),
    "no_keys": (
        "keys such as title: and steps: are expected",
        "yang diharapkan baris seperti title: dan steps:",
    ),
    "no_front": (
        "begin with a line ---, then keys such as title:, then a line ---",
        "mulailah dengan baris ---, lalu baris seperti title:, lalu baris ---",
    ),
    "front_open": (
        "the line --- that ends the keys is missing",
        "baris --- penutup bagian title: dan seterusnya tidak ada",
    ),
    "heading": (
        'the heading "{text}" is not known; known are {known}',
        'judul "{text}" tidak dikenal; yang dikenal {known}',
    ),
    "body": (
        "only numbered lists (steps) and bulleted lists (general) are expected here",
        "di sini hanya boleh daftar bernomor (langkah) dan daftar berbutir (panduan umum)",
    ),
    "both": (
        "{key} stands among the keys and as a list; keep one of them",
        "{key} ada di bagian atas dan juga sebagai daftar; pakai salah satu",
    ),
    "second": ("the key {key} stands here a second time", "{key} tertulis dua kali"),
    "unknown": (
        "the key {key} is not known; allowed are {known}",
        "{key} tidak dikenal; yang dikenal {known}",
    ),
    "missing": ("the key {key} is missing", "{key} belum ada"),
    "bare": (
        "steps and general are both empty, one of them is needed",
        "steps dan general kosong, salah satunya harus ada",
    ),
    "order": (
        "valid_until is before valid_from",
        "valid_until lebih awal daripada valid_from",
    ),
    "value": ("{key}: {allowed}", "{key}: {allowed}"),
}

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST = 200  # characters of what stands in the file, as it is quoted

_DATE = ("a date such as 2026-11-30 is expected", "harus tanggal seperti 2026-11-30")
_LIST = (
    "a list is expected: lines that begin with -",
    "harus daftar: baris yang diawali -",
)
_NUMBER = ("a year such as 2024 is expected", "harus tahun seperti 2024")

# pydantic's type of error -> (English, Indonesian)
_ALLOWED: Mapping[str, tuple[str, str]] = {
    "string_type": (
        "a text is expected; put it in quotes if it holds a colon or is a number",
        "harus teks; apit dengan tanda kutip bila memuat titik dua atau berupa angka",
    ),
    "string_too_short": (
        "at least {min_length} characters are expected",
        "paling sedikit {min_length} karakter",
    ),
    "string_too_long": (
        "at most {max_length} characters are allowed",
        "paling banyak {max_length} karakter",
    ),
    "literal_error": ("expected is {expected}", "yang boleh {expected}"),
    "string_pattern_mismatch": (
        "an address such as https://lkpp.go.id is expected",
        "harus alamat seperti https://lkpp.go.id",
    ),
    "tuple_type": _LIST,
    "too_short": ("at least {min_length} is expected", "paling sedikit {min_length}"),
    "too_long": ("at most {max_length} are allowed", "paling banyak {max_length}"),
    "bool_type": ("true or false is expected", "harus true atau false"),
    "bool_parsing": ("true or false is expected", "harus true atau false"),
    "model_type": ("keys such as name: are expected", "yang diharapkan seperti name:"),
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "greater_than_equal": _NUMBER,
    "less_than_equal": _NUMBER,
    "date_type": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_parsing": _DATE,
    "value_error": _DATE,
    "control": (
        "it holds a character that is no text",
        "ada karakter yang bukan teks",
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with ``file``, at ``line`` (from 1) where that can be told."""

    file: str
    kind: str
    line: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def topic(self) -> str:
        """The topic its file is named after."""
        return PurePath(self.file).stem

    @property
    def what(self) -> str:
        """What is wrong, without the place."""
        return self._said(0)

    def __str__(self) -> str:
        at = f"{self.file}, line {self.line}" if self.line else self.file
        return _tidy(f"{at}: {self._said(0)}")

    @property
    def indonesian(self) -> str:
        """For the people of the office; the file without its folder."""
        name = PurePath(self.file).name
        at = f"{name}, baris {self.line}" if self.line else name
        return _tidy(f"{at}: {self._said(1)}")

    def _said(self, language: int) -> str:
        values = {name: _quoted(value) for name, value in self.values.items()}
        if self.kind == "value":
            known = _ALLOWED.get(self.values["type"])
            limits = self.values["limits"]
            values["allowed"] = known[language].format(**limits) if known else values["told"]
        return _tidy(_SENTENCES[self.kind][language].format(**values))


def _quoted(value: object) -> str:
    return _tidy(str(value))[:_LONGEST]


def _tidy(text: str) -> str:
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """A text that no terminal, log or database stumbles over: without control characters and
    the remains of what is no UTF-8, as names of files may hold."""
    return _UNPRINTABLE.sub("?", text)


class AnswerError(ValueError):
    """An answer file cannot be used; the message names the file, the line and what is wrong."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem
