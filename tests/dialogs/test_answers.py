from __future__ import annotations

from pathlib import Path

import pytest

from dialogs.answers import AnswerError, Answers
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lupa_user_id_penyedia.yml").write_text(GOOD)
    return tmp_path


def test_a_topic_is_found_by_its_name_and_by_its_intent() -> None:
    answers = Answers.load()
    assert answers.get("upload_gagal") == answers.get("faq_upload_gagal")
    assert answers.get("faq_no_such_topic") is None
    assert answers.get(None) is None


def test_an_office_adds_a_topic(folder: Path) -> None:
    answers = Answers.load(folder)
    assert "lupa_user_id_penyedia" in answers.topics()
    assert "upload_gagal" in answers.topics()


def test_an_office_replaces_an_answer_and_its_version_changes(folder: Path) -> None:
    (folder / "upload_gagal.yml").write_text(GOOD)
    replaced = Answers.load(folder).get("upload_gagal")
    shipped = Answers.load().get("upload_gagal")
    assert replaced
    assert shipped
    assert replaced.title == "Lupa user ID"
    assert replaced.version != shipped.version


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (GOOD + "colour: red\n", "colour"),
        (GOOD.replace("authority: lpse", "authority: presiden"), "authority"),
        (GOOD.replace("short: Lupa user ID", "short: Lupa user ID penyedia barang"), "short"),
        (GOOD.replace("steps: [Hubungi helpdesk.]", ""), "steps and general"),
        ("- just\n- a list\n", "valid dictionary"),
        ("title: [unclosed", "YAML"),
    ],
)
def test_a_bad_file_is_refused_by_name(folder: Path, bad: str, told: str) -> None:
    (folder / "rusak.yml").write_text(bad)
    with pytest.raises(AnswerError, match=r"rusak\.yml") as error:
        Answers.load(folder)
    assert told in str(error.value)


def test_a_file_name_that_is_no_topic_is_refused(folder: Path) -> None:
    (folder / "Upload Gagal.yml").write_text(GOOD)
    with pytest.raises(AnswerError, match="name it after the topic"):
        Answers.load(folder)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match="no such folder"):
        Answers.load(tmp_path / "nowhere")


def test_every_shipped_answer_is_for_users_the_form_knows(office: Office) -> None:
    form: Form = office.form
    known = {user_type.key for user_type in form.user_types}
    answers = Answers.load()
    assert {a for t in answers.topics() for a in answers.by_topic[t].audience} <= known


def test_no_shipped_answer_asks_for_a_password() -> None:
    for answer in Answers.load().by_topic.values():
        assert not any("password" in item.casefold() for item in answer.required_data)
