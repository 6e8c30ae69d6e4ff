"""``loket faq``: what an office is told about its answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from bot import cli
from bot.config import read_config
from bot.faq import findings
from bot.faq.findings import Finding, Known, check
from bot.faq.gathering import gather
from dialogs.answers import read_folder
from tests.dialogs.test_answers import GOOD, MARKDOWN
from tests.rig import ROOT

TODAY = date(2026, 11, 23)
# What the shipped set is known to lack: no source was found, so it is general guidance only.
LISTED = {
    ("masa_berlaku_jaminan", "source"),
    ("pra_dipa", "source"),
    ("session_browser", "source"),
}
PLAIN = GOOD.replace("short: Lupa user ID", "short: Kirim berkas")
SOURCED = PLAIN + "sources:\n  - {name: SOP kantor}\n"


@pytest.fixture(scope="module")
def shipped() -> Known:
    return gather(read_config(ROOT / "config.yml"))


@pytest.fixture
def own(shipped: Known, tmp_path: Path) -> Callable[..., list[Finding]]:
    """Findings about one answer of the office, written over an unobtrusive one."""

    def found(text: str, name: str = "upload_gagal.yml", today: date = TODAY) -> list[Finding]:
        (tmp_path / name).write_text(text)
        known = Known(shipped.desk, today, shipped.taught, shipped.shipped, read_folder(tmp_path))
        return [one for one in check(known) if one.topic == name.partition(".")[0]]

    return found


def kinds(found: list[Finding]) -> list[str]:
    return [one.kind for one in found]


# The shipped answers


def test_nothing_is_wrong_with_the_shipped_answers(shipped: Known) -> None:
    found = check(Known(shipped.desk, TODAY, shipped.taught, shipped.shipped))
    assert {(one.topic, one.kind) for one in found} == LISTED
    assert not any(one.wrong for one in found)


def test_every_topic_of_the_domain_is_held_against_the_answers(shipped: Known) -> None:
    assert set(shipped.taught) == set(shipped.shipped)
    assert min(shipped.taught.values()) > 0


def test_a_second_list_of_steps_fits_a_phone_screen_too(shipped: Known) -> None:
    for answer in shipped.shipped.values():
        text = "\n".join(f"{n}. {step}" for n, step in enumerate(answer.next, 1))
        assert findings.lines_of(text) <= findings.LINES // 2


# What is found


def test_a_good_answer_of_the_office_is_left_in_peace(own: Callable[..., list[Finding]]) -> None:
    assert own(SOURCED) == []


@pytest.mark.parametrize(
    ("text", "kind", "line", "says"),
    [
        (SOURCED + "valid_until: 2026-11-22\n", "validity", 13, "expired"),
        (SOURCED.replace("reviewed: 2026", "reviewed: 2025"), "review", 10, "a year ago"),
        (SOURCED.replace("reviewed: 2026", "reviewed: 2027"), "review", 10, "yet to come"),
        (PLAIN, "source", 7, "without a source"),
        (SOURCED.replace("[penyedia]", "[penyedia, vendor]"), "audience", 4, "vendor"),
        (
            SOURCED.replace("[Hubungi", "[" + f"{'Langkah yang panjang. ' * 12}, " * 5 + "Hubungi"),
            "length",
            None,
            "too long for a phone screen",
        ),
        (SOURCED + "required_data: [NIB, KTP direktur]\n", "personal", 13, "KTP direktur"),
        (SOURCED + "required_data:\n  - password lama\n", "personal", 14, "secret"),
        (SOURCED.replace("Hubungi helpdesk", "Unggah foto KTP"), "personal", 7, "identity"),
        (SOURCED + "next: [Kirim password lama di sini.]\n", "personal", 13, "identity"),
        (SOURCED.replace("short: Kirim berkas", "short: sanggah"), "label", 3, "sanggah"),
        (SOURCED.replace("lpse\n", "presiden\n", 1), "broken", 5, "authority"),
        (SOURCED.replace("short: Kirim", "short: Kirim berkas lagi"), "broken", 3, "at most 20"),
        ("title: [rusak", "broken", 1, "YAML"),
    ],
)
def test_what_is_wrong_is_found_with_its_line(
    own: Callable[..., list[Finding]], text: str, kind: str, line: int | None, says: str
) -> None:
    (one,) = own(text)
    assert (one.kind, one.line, one.wrong) == (kind, line, True)
    assert says in one.says


@pytest.mark.parametrize(
    "more",
    [
        "required_data: [KTP direktur (siapkan; tunjukkan lewat jalur resmi kantor)]\n",
        "required_data: [surat permohonan reset password, NIK (isi hanya di laman resmi)]\n",
        "general: [Jangan kirim KTP atau password di chat.]\n",
        "general: [Bawa KTP direktur ke kantor.]\n",
        "next: [Kirim tiket lagi. Tunjukkan KTP di loket.]\n",
    ],
)
def test_papers_shown_the_official_way_are_fine(
    own: Callable[..., list[Finding]], more: str
) -> None:
    assert own(SOURCED + more) == []


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        (SOURCED, "parkir_kantor.yml", "untaught"),
        (SOURCED + "valid_from: 2026-12-01\n", "upload_gagal.yml", "validity"),
        (PLAIN.replace("steps:", "general:"), "upload_gagal.yml", "source"),
    ],
)
def test_what_is_only_to_know_is_no_fault(
    own: Callable[..., list[Finding]], text: str, name: str, kind: str
) -> None:
    (one,) = own(text, name)
    assert (one.kind, one.wrong) == (kind, False)


def test_a_topic_without_an_answer_is_missing(shipped: Known) -> None:
    taught = {**shipped.taught, "parkir_kantor": 40}
    found = check(Known(shipped.desk, TODAY, taught, shipped.shipped))
    (one,) = [f for f in found if f.kind == "missing"]
    assert (one.topic, one.wrong) == ("parkir_kantor", True)


def test_an_answer_is_too_long_by_the_office_s_own_addresses(shipped: Known) -> None:
    office = shipped.desk.office
    identity = office.identity.model_copy(update={"address": "Jalan panjang " * 40})
    contacts = identity.contacts.model_copy(update={"counter": ""})
    identity = identity.model_copy(update={"contacts": contacts})
    office = office.model_copy(update={"identity": identity})
    desk = type(shipped.desk)(
        office, shipped.desk.texts, shipped.desk.answers, shipped.desk.understand
    )
    found = check(Known(desk, TODAY, shipped.taught, shipped.shipped))
    assert {one.topic for one in found if one.kind == "length"} == {
        "kontak_jam",
        "konsultasi_tatap_muka",
    }


# The commands


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office with a folder of its own, where this process works."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "config.yml").read_bytes())
    (tmp_path / "config.yml").write_text(
        yaml.safe_dump({**config, "faq": "jawaban"}, allow_unicode=True)
    )
    (tmp_path / "jawaban").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOKET_CONFIG", "config.yml")
    return tmp_path


def write(office: Path, text: str, name: str = "upload_gagal.yml") -> None:
    today = date.today()  # noqa: DTZ011 -- the command goes by the real calendar
    (office / "jawaban" / name).write_text(text.replace("2026-11-21", str(today - timedelta(2))))


def call(*words: str) -> Result:
    return CliRunner().invoke(cli.main, ["faq", *words], prog_name="loket")


def test_check_says_what_is_wrong_and_ends_with_one(office: Path) -> None:
    write(office, SOURCED.replace("[penyedia]", "penyedia"))
    write(office, SOURCED, "parkir_kantor.yml")
    done = call("check")
    assert done.exit_code == 1
    lines = done.output.splitlines()
    place = f"{office}/jawaban/upload_gagal.yml:4"
    assert f"wrong\tupload_gagal\t{place}\taudience: a list is expected" in done.output
    assert any(line.startswith("note\tparkir_kantor\t") for line in lines)
    assert lines[-1].startswith("69 answers: ")
    assert "Traceback" not in done.output


def test_check_for_programs_is_one_json_document(office: Path) -> None:
    write(office, SOURCED.replace("[penyedia]", "[vendor]"))
    done = call("check", "--json")
    told = json.loads(done.output)
    assert told["answers"] == 68
    found = [one for one in told["findings"] if one["topic"] == "upload_gagal"]
    assert [(one["kind"], one["line"], one["wrong"]) for one in found] == [("audience", 4, True)]
    assert done.exit_code == 1


@pytest.mark.usefixtures("office")
def test_check_ends_with_nothing_when_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(findings.RULES, "review", lambda answer, known: iter(()))  # type: ignore[arg-type]
    done = call("check")
    assert done.exit_code == 0
    assert "68 answers: nothing wrong, 3 to know." in done.output


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("words", [("check", "--jsn"), ("chek",), ("show",)])
def test_a_slip_in_the_command_ends_with_two(words: tuple[str, ...]) -> None:
    assert call(*words).exit_code == 2


def test_show_prints_what_a_user_sees_and_where_it_stands(office: Path) -> None:
    write(office, MARKDOWN, "upload_gagal.md")
    shown = call("show", "faq_upload_gagal").output
    assert "1. Buka laman LPSE dan pilih Masuk." in shown
    assert "Yang memutuskan: LPSE yang memutuskan." in shown
    assert f"file: {office}/jawaban/upload_gagal.md\n" in shown
    assert "if it failed, 1: Masih gagal? Datang ke kantor." in shown


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        ("upload_gagl", "is upload_gagal meant?"),
        ("zzz", "loket faq list"),
        ("parkir_kantor", "parkir_kantor.yml, line 1: not readable as YAML"),
    ],
)
def test_show_of_nothing_is_one_sentence(office: Path, topic: str, told: str) -> None:
    write(office, "title: [rusak", "parkir_kantor.yml")
    done = call("show", topic)
    assert done.exit_code == 1
    assert told in done.output
    assert len(done.output.splitlines()) == 1


def test_list_names_the_office_s_own(office: Path) -> None:
    write(office, SOURCED + "valid_until: 2026-01-01\n", "parkir_kantor.yml")
    lines = call("list").output.splitlines()
    assert len(lines) == 69
    (one,) = [line for line in lines if line.startswith("parkir_kantor\t")]
    assert "expired (until 2026-01-01)" in one
    assert one.endswith("parkir_kantor.yml")


def test_a_broken_answer_does_not_keep_the_office_from_checking_its_settings(
    office: Path,
) -> None:
    write(office, "title: [rusak")
    done = CliRunner().invoke(cli.main, ["check"], prog_name="loket")
    assert done.exit_code == 1
    assert "upload_gagal.yml, line 1: not readable as YAML" in done.output
    shutil.rmtree(office / "jawaban")
    done = call("list")
    assert done.exit_code == 1
    assert "there is no folder" in done.output
