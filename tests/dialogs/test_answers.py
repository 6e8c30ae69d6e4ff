"""Ready answers: what an office may write, YAML or Markdown, and which of two answers is given."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest

from dialogs.answers import AnswerError, Answers, OfficeAnswers, Shelf
from dialogs.office import Form, Office

GOOD = """
title: Lupa user ID
short: Lupa user ID
audience: [penyedia]
authority: lpse
decides: LPSE yang memutuskan.
steps: [Hubungi helpdesk.]
era: both
validity: Berlaku umum.
reviewed: 2026-11-21
"""
FRONT = GOOD.replace("steps: [Hubungi helpdesk.]\n", "").strip()
MARKDOWN = f"""---
{FRONT}
sources:
  - {{name: SOP kantor}}
---

1. Buka laman **LPSE** dan pilih *Masuk*.
2. Isi User ID, lalu
   tekan `Kirim`; lihat [panduan](https://contoh.go.id/panduan).

- Jam layanan bisa berbeda.

## Lanjutan

1. Masih gagal? Datang ke kantor.
"""
TODAY = date(2026, 11, 23)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lupa_user_id_penyedia.yml").write_text(GOOD)
    return tmp_path


def test_a_topic_is_found_by_its_name_and_by_its_intent() -> None:
    answers = Answers.load()
    assert answers.get("upload_gagal") == answers.get("faq_upload_gagal")
    assert answers.get("faq_no_such_topic") is None
    assert answers.get(None) is None


def test_an_office_adds_a_topic_without_an_intent(folder: Path) -> None:
    (folder / "parkir_kantor.yml").write_text(GOOD)
    answers = Answers.load(folder)
    assert answers.get("parkir_kantor")
    assert "upload_gagal" in answers.topics()


def test_an_office_replaces_an_answer_and_its_version_changes(folder: Path) -> None:
    (folder / "upload_gagal.yml").write_text(GOOD)
    replaced = Answers.load(folder).get("upload_gagal")
    shipped = Answers.load().get("upload_gagal")
    assert replaced
    assert shipped
    assert replaced.title == "Lupa user ID"
    assert replaced.version != shipped.version
    assert replaced.own
    assert replaced.file == str(folder / "upload_gagal.yml")
    assert not shipped.own


def test_markdown_says_the_same_as_yaml(tmp_path: Path) -> None:
    (tmp_path / "upload_gagal.md").write_text(MARKDOWN)
    answer = Answers.load(tmp_path).get("upload_gagal")
    assert answer
    assert answer.title == "Lupa user ID"
    assert answer.steps == (
        "Buka laman LPSE dan pilih Masuk.",
        "Isi User ID, lalu tekan Kirim; lihat panduan (https://contoh.go.id/panduan).",
    )
    assert answer.general == ("Jam layanan bisa berbeda.",)
    assert answer.next == ("Masih gagal? Datang ke kantor.",)
    assert answer.line("steps", 1) == 1 + MARKDOWN[: MARKDOWN.index("2. Isi")].count("\n")


@pytest.mark.parametrize("change", ["\r\n", "bom", "yaml"])
def test_files_come_from_any_editor(tmp_path: Path, change: str) -> None:
    name = "upload_gagal.yaml" if change == "yaml" else "upload_gagal.md"
    text = GOOD if change == "yaml" else MARKDOWN
    data = text.replace("\n", "\r\n" if change == "\r\n" else "\n").encode()
    (tmp_path / name).write_bytes((b"\xef\xbb\xbf" if change == "bom" else b"") + data)
    answer = Answers.load(tmp_path).get("upload_gagal")
    assert answer
    assert answer.title == "Lupa user ID"
    assert len(answer.steps) == (1 if change == "yaml" else 2)


def test_other_files_in_the_folder_are_left_alone(folder: Path) -> None:
    for name in ("README.md", "catatan.txt", ".upload_gagal.yml.swp", "upload_gagal.yml~"):
        (folder / name).write_text("apa saja")
    (folder / "lama").mkdir()
    assert len(Answers.load(folder).topics()) == len(Answers.load().topics())


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match="no such folder"):
        Answers.load(tmp_path / "nowhere")


# Which answer is given on a day


def dated(folder: Path, topic: str, **keys: str) -> OfficeAnswers:
    more = "".join(f"{key}: {value}\n" for key, value in keys.items())
    (folder / f"{topic}.yml").write_text(GOOD + more)
    return OfficeAnswers(folder)


def test_an_expired_answer_is_given_up_to_its_last_day_only(tmp_path: Path) -> None:
    office = dated(tmp_path, "parkir_kantor", valid_until="2026-11-23")
    assert office.read(TODAY).answers.get("parkir_kantor")
    assert office.read(date(2026, 11, 24)).answers.get("parkir_kantor") is None


def test_an_expired_answer_of_the_office_does_not_bring_the_shipped_one_back(
    tmp_path: Path,
) -> None:
    office = dated(tmp_path, "upload_gagal", valid_until="2026-11-22")
    assert office.read(TODAY).answers.get("upload_gagal") is None


def test_until_its_first_day_the_shipped_answer_is_given(tmp_path: Path) -> None:
    office = dated(tmp_path, "upload_gagal", valid_from="2026-11-24")
    before, after = (office.read(day).answers.get("upload_gagal") for day in (TODAY, date.max))
    assert before
    assert after
    assert before.title == "Upload dokumen penawaran gagal"
    assert after.title == "Lupa user ID"


def test_the_last_good_version_of_a_broken_file_stays(folder: Path) -> None:
    office = OfficeAnswers(folder)
    (folder / "upload_gagal.yml").write_text(GOOD)
    office.read(TODAY)
    (folder / "upload_gagal.yml").write_text("title: [rusak")
    (folder / "lupa_user_id_penyedia.yml").write_text(GOOD.replace("Hubungi", "Datangi"))
    reading = office.read(TODAY)
    kept, taken = (reading.answers.get(t) for t in ("upload_gagal", "lupa_user_id_penyedia"))
    assert kept
    assert taken
    assert kept.title == "Lupa user ID"
    assert taken.steps == ("Datangi helpdesk.",)
    assert reading.kept == {"upload_gagal"}
    (folder / "upload_gagal.yml").unlink()
    shipped = office.read(TODAY).answers.get("upload_gagal")
    assert shipped
    assert not shipped.own


def test_at_the_start_a_broken_file_leaves_the_shipped_answer(tmp_path: Path) -> None:
    (tmp_path / "upload_gagal.yml").write_text("title: [rusak")
    (tmp_path / "parkir_kantor.yml").write_text("title: [rusak")
    reading = OfficeAnswers(tmp_path).read(TODAY)
    shipped = reading.answers.get("upload_gagal")
    assert shipped
    assert not shipped.own
    assert reading.answers.get("parkir_kantor") is None
    assert [problem.topic for problem in reading.problems] == ["parkir_kantor", "upload_gagal"]


def test_a_folder_that_goes_away_takes_no_answer_with_it(folder: Path) -> None:
    office = OfficeAnswers(folder)
    office.read(TODAY)
    (folder / "lupa_user_id_penyedia.yml").unlink()
    folder.rmdir()
    reading = office.read(TODAY)
    kept = reading.answers.get("lupa_user_id_penyedia")
    assert kept
    assert kept.own
    assert "no such folder" in str(reading.problems[0])


def test_whoever_pinned_the_answers_keeps_them_while_they_are_swapped() -> None:
    """Old and new sets differ in every answer: a mix of both would show."""
    old = Answers.load()
    answers = {t: a.model_copy(update={"version": "baru"}) for t, a in old.by_topic.items()}
    shelf, new = Shelf(old), Answers(answers)
    mixed, stop = [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            pinned = shelf.pinned()
            seen = {a.version == "baru" for t in pinned.topics() if (a := pinned.get(t))}
            mixed.extend([seen] if len(seen) > 1 else [])

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(300):
        shelf.swap(new)
        shelf.swap(old)
    stop.set()
    for reader in readers:
        reader.join()
    assert mixed == []


# The shipped set


def test_every_shipped_answer_is_for_users_the_form_knows(office: Office) -> None:
    form: Form = office.form
    known = {user_type.key for user_type in form.user_types}
    answers = Answers.load()
    assert {a for t in answers.topics() for a in answers.by_topic[t].audience} <= known


def test_no_shipped_answer_asks_for_a_password() -> None:
    for answer in Answers.load().by_topic.values():
        assert not any("password" in item.casefold() for item in answer.required_data)


def test_further_steps_have_a_source() -> None:
    answers = Answers.load().by_topic.values()
    assert all(answer.sources for answer in answers if answer.next)
    assert sum(bool(answer.next) for answer in answers) >= 15
