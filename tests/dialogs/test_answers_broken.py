"""Answer files that nobody should have to write twice: each is refused by name, line and reason,
and none of them does harm."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from dialogs.answers import AnswerError, Answers, read_folder
from dialogs.answers.reading import LARGEST
from tests.dialogs.test_answers import FRONT, GOOD, MARKDOWN

TAB = GOOD.replace("steps: [Hubungi helpdesk.]", "steps:\n\t- Hubungi helpdesk.")
COLON = GOOD.replace("[Hubungi helpdesk.]", "\n  - Klik: lalu pilih: Masuk")
HALF_QUOTED = GOOD.replace("title: Lupa user ID", 'title: "Lupa user ID')

BROKEN = {
    "not closed": ("title: [unclosed", 1, "YAML"),
    "a tab": (TAB, 8, "tab"),
    "colons": (COLON, 8, "quotes"),
    "a quote": (HALF_QUOTED, 2, "YAML"),
    "two documents": (GOOD + "---\ntitle: lagi\n", 11, "YAML"),
    "a list": ("- just\n- a list\n", 1, "keys such as"),
    "a word": ("halo", 1, "keys such as"),
    "empty": ("", None, "empty"),
    "blank": (" \n\n", None, "empty"),
    "comments only": ("# nanti diisi\n", None, "empty"),
    "unknown key": (GOOD + "colour: red\n", 11, "colour is not known"),
    "unknown key, long": (GOOD + "x" * 900 + ": 1\n", 11, "is not known"),
    "a key twice": (GOOD + "title: Lagi\n", 11, "second time"),
    "missing key": (GOOD.replace("decides:", "#"), None, "decides is missing"),
    "wrong type": (GOOD.replace("[penyedia]", "penyedia"), 4, "audience: a list"),
    "a mapping": (GOOD.replace("[Hubungi helpdesk.]", "\n  - Klik: Masuk"), 8, "steps.1"),
    "a number": (GOOD.replace("title: Lupa user ID", "title: 2026"), 2, "title: a text"),
    "a bool": (GOOD.replace("title: Lupa user ID", "title: yes"), 2, "title: a text"),
    "unknown authority": (GOOD.replace("y: lpse", "y: presiden"), 5, "authority: expected"),
    "a label too long": (GOOD.replace("short: Lupa", "short: Lupa lagi lupa"), 3, "at most 20"),
    "a sentence too long": (GOOD.replace("Hubungi", "Hubungi " * 60), 7, "at most 300"),
    "a date that is none": (GOOD.replace("2026-11-21", "2026-13-45"), 10, "a date such as"),
    "a date as a number": (GOOD.replace("2026-11-21", "20261121"), 10, "a date such as"),
    "a date with a time": (GOOD.replace("2026-11-21", "2026-11-21 10:00:00"), 10, "a date"),
    "a date in words": (GOOD + "valid_until: besok\n", 11, "valid_until: a date"),
    "ends before it begins": (
        GOOD + "valid_from: 2026-12-02\nvalid_until: 2026-12-01\n",
        12,
        "before valid_from",
    ),
    "no content": (GOOD.replace("steps: [Hubungi helpdesk.]", ""), None, "steps and general"),
    "a source without a name": (GOOD + "sources:\n  - {url: x}\n", None, "sources.1"),
    "an address that is none": (GOOD + "sources:\n  - {name: SOP, url: x}\n", 12, "https"),
    "a nested unknown key": (GOOD + "sources:\n  - {name: SOP, tahun: 1}\n", 12, "tahun"),
    "a class": (GOOD.replace("Lupa user ID\n", "!!python/object:os.system x\n", 1), 2, "YAML"),
    "an alias": (GOOD + "next: &a [satu]\nsources: *a\n", 12, "aliases"),
    "very deep": (GOOD + "next: " + "[" * 60_000 + "\n", 11, "nested too deeply"),
    "a NUL": (GOOD + "next: [a\0b]\n", 11, "no text"),
    "a NUL, escaped": (GOOD + 'next: ["a\\0b"]\n', 11, "next.1: it holds a character that"),
    "an escape of terminals": (GOOD.replace("[penyedia]", '["\\e[2J"]'), 4, "no text"),
    "bytes": (GOOD + "next: [!!binary AAAA]\n", 11, "no text"),
    "a key with an escape": (GOOD + '"\\e[2J": 1\n', 11, "the key ?[2J is not known"),
    "a tag for nothing": (GOOD.replace("2026-11-21", '!!int ""'), 10, "reviewed: a date"),
    "a tag for no day": (GOOD.replace("2026-11-21", "!!timestamp x"), 10, "reviewed: a date"),
    "a tag for no bool": (GOOD + "office_contacts: !!bool ja\n", 11, "true or false"),
}
BROKEN_MARKDOWN = {
    "no front matter": ("1. Hubungi helpdesk.\n", 1, "begin with a line ---"),
    "text before it": ("Halo\n" + MARKDOWN, 1, "begin with a line ---"),
    "not closed": (f"---\n{FRONT}\n\n1. Hubungi.\n", 1, "is missing"),
    "nothing below": (f"---\n{FRONT}\n---\n", None, "steps and general"),
    "a paragraph": (f"---\n{FRONT}\n---\n\nHalo semua.\n", 12, "only numbered lists"),
    "a table of HTML": (f"---\n{FRONT}\n---\n\n<table>\n</table>\n", 12, "only numbered lists"),
    "a heading": (f"---\n{FRONT}\n---\n# Sejarah\n\n1. Satu.\n", 11, '"Sejarah" is not known'),
    "a list in a list": (f"---\n{FRONT}\n---\n1. Satu\n   - dua\n", 12, "only numbered lists"),
    "steps twice": (f"---\n{GOOD}---\n1. Satu.\n", 13, "steps stands among the keys"),
    "broken keys": ("---\ntitle: [a\n---\n1. Satu.\n", 2, "YAML"),
    "an unknown key": (f"---\nwarna: merah\n{FRONT}\n---\n1. Satu.\n", 2, "warna is not known"),
    "a step too short": (f"---\n{FRONT}\n---\n1. Satu.\n2. x\n", 12, "steps.2: at least 2"),
}


def refused(folder: Path, name: str, data: bytes) -> str:
    (folder / name).write_bytes(data)
    begun = time.perf_counter()
    with pytest.raises(AnswerError) as error:
        Answers.load(folder)
    assert time.perf_counter() - begun < 2
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600
    assert error.value.problem.indonesian
    return str(error.value)


@pytest.mark.parametrize(("bad", "line", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_with_file_line_and_reason(
    tmp_path: Path, bad: str, line: int | None, told: str
) -> None:
    said = refused(tmp_path, "rusak.yml", bad.encode())
    assert "rusak.yml" in said
    assert told in said
    assert line is None or f"line {line}:" in said


@pytest.mark.parametrize(("bad", "line", "told"), BROKEN_MARKDOWN.values(), ids=BROKEN_MARKDOWN)
def test_broken_markdown_is_refused_with_file_line_and_reason(
    tmp_path: Path, bad: str, line: int | None, told: str
) -> None:
    said = refused(tmp_path, "rusak.md", bad.encode())
    assert "rusak.md" in said
    assert told in said
    assert line is None or f"line {line}:" in said


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("rusak.yml", b"\x89PNG\r\n\x1a\n\0\0\0", "line 1: it is not readable as UTF-8"),
        ("rusak.yml", GOOD.encode() + b"next: [caf\xe9]\n", "line 11: it is not readable as UTF-8"),
        ("rusak.yml", GOOD.encode("utf-16"), "UTF-8"),
        ("rusak.md", b"\0" * 100, "no text"),
        ("rusak.yml", b"# " + b"x" * LARGEST, "larger than 64 kB"),
        ("Upload Gagal.yml", GOOD.encode(), "name it after the topic"),
        ("upload-gagal.md", MARKDOWN.encode(), "name it after the topic"),
        ("upload_gagal.YML", GOOD.encode(), "name it after the topic"),
        (f"{'a' * 41}.yml", GOOD.encode(), "name it after the topic"),
        ("a\nb.yml", GOOD.encode(), "name it after the topic"),
        ("a\x1b[2Jb.yml", GOOD.encode(), "a?[2Jb.yml: name it after the topic"),
        (os.fsdecode(b"\xff.yml"), GOOD.encode(), "/?.yml: name it after the topic"),
    ],
)
def test_what_is_no_text_too_large_or_misnamed_is_refused(
    tmp_path: Path, name: str, data: bytes, told: str
) -> None:
    assert told in refused(tmp_path, name, data)


def test_two_files_for_one_topic_are_refused_and_both_named(tmp_path: Path) -> None:
    (tmp_path / "upload_gagal.yml").write_text(GOOD)
    said = refused(tmp_path, "upload_gagal.md", MARKDOWN.encode())
    assert "upload_gagal.yml" in said
    assert "upload_gagal.md" in said
    assert read_folder(tmp_path).broken == {"upload_gagal"}


def test_links_in_a_circle_pipes_and_folders_are_no_answers(tmp_path: Path) -> None:
    (tmp_path / "satu_topik.yml").symlink_to(tmp_path / "dua_topik.yml")
    (tmp_path / "dua_topik.yml").symlink_to(tmp_path / "satu_topik.yml")
    (tmp_path / "tiga_topik.yml").mkdir()
    os.mkfifo(tmp_path / "empat_topik.yml")
    (tmp_path / "lima_topik.yml").write_text(GOOD)
    found = read_folder(tmp_path)
    assert set(found.answers) == {"lima_topik"}
    assert found.broken == {"satu_topik", "dua_topik", "tiga_topik", "empat_topik"}


def test_no_handle_stays_open(tmp_path: Path) -> None:
    (tmp_path / "satu_topik.yml").mkdir()
    (tmp_path / "dua_topik.yml").write_text(GOOD)
    before = os.listdir("/proc/self/fd")
    for _ in range(5):
        read_folder(tmp_path)
    assert len(os.listdir("/proc/self/fd")) <= len(before)


def test_a_file_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "rusak.yml").write_text(GOOD)
    (tmp_path / "rusak.yml").chmod(0)
    assert "cannot be read" in str(read_folder(tmp_path).problems[0])


def test_half_a_file_is_refused_or_is_an_answer_but_never_a_fault(tmp_path: Path) -> None:
    """A file that is still being written: whatever has arrived of it."""
    for name, text in (("a_topik.yml", GOOD), ("b_topik.md", MARKDOWN)):
        for end in range(0, len(text) + 1):
            (tmp_path / name).write_text(text[:end])
            found = read_folder(tmp_path)
            assert len(found.answers) + len(found.broken) == len(list(tmp_path.iterdir()))
        assert not found.problems


def test_the_office_is_told_in_its_own_language(tmp_path: Path) -> None:
    (tmp_path / "rusak.yml").write_text(GOOD.replace("[penyedia]", "penyedia"))
    problem = read_folder(tmp_path).problems[0]
    assert problem.indonesian == (
        "rusak.yml, baris 4: audience: harus daftar: baris yang diawali -"
    )


def test_every_reason_is_there_in_both_languages(tmp_path: Path) -> None:
    for number, (bad, _, _) in enumerate([*BROKEN.values(), *BROKEN_MARKDOWN.values()]):
        suffix = "yml" if number < len(BROKEN) else "md"
        (tmp_path / f"rusak_{number}.{suffix}").write_text(bad)
    problems = read_folder(tmp_path).problems
    assert len(problems) == len(BROKEN) + len(BROKEN_MARKDOWN)
    for problem in problems:
        assert "{" not in str(problem)
        assert not re.search(r"\b(?:the|expected|missing|allowed)\b", problem.indonesian)
