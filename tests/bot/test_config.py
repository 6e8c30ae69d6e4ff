"""Every mistake in the configuration is one line: which key, which value, what is allowed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment

from bot.bootstrap import check_files
from bot.config import Config, ConfigError, read_config
from bot.overrides import OWN_FILTERS
from bot.places import Places, read_places, read_secret_key
from dialogs.texts import Texts
from tests.rig import ROOT

SHIPPED: dict[str, Any] = yaml.safe_load((ROOT / "config.yml").read_bytes())
KEY = "k" * 32
FIELDS = SHIPPED["form"]["fields"]


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of one value: ``form.fields.0.key``."""

    def change(raw: dict[str, Any]) -> None:
        *way, last = path.split(".")
        at: Any = raw
        for part in way:
            at = at[int(part)] if isinstance(at, list) else at[part]
        if isinstance(at, list):
            at[int(last)] = value
        else:
            at[last] = value

    return change


def drop(key: str) -> Callable[[dict[str, Any]], None]:
    def change(raw: dict[str, Any]) -> None:
        section, _, name = key.rpartition(".")
        del (raw[section] if section else raw)[name]

    return change


def read(folder: Path, *changes: Callable[[dict[str, Any]], None]) -> Config:
    raw = copy.deepcopy(SHIPPED)
    for change in changes:
        change(raw)
    return read_text(folder, yaml.safe_dump(raw, allow_unicode=True))


def read_text(folder: Path, text: str | bytes) -> Config:
    path = folder / "config.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_config(path)


def one_line(error: pytest.ExceptionInfo[ConfigError]) -> str:
    text = str(error.value)
    assert text
    assert "\n" not in text
    assert len(text) < 500
    assert "pydantic" not in text
    return text


def test_the_shipped_file_is_good() -> None:
    config = read_config(ROOT / "config.yml")
    assert config.identity.timezone == "Asia/Jakarta"
    assert check_files(config).startswith("The configuration is good")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        # unknown keys, at every level
        (put("identitas", {}), ["identitas is not known", "identity, hours"]),
        (put("identity.nama", "x"), ["identity.nama is not known", "name, short_name"]),
        (put("identity.contacts.fax", "1"), ["identity.contacts.fax", "phone, whatsapp"]),
        (put("hours.senin", []), ["hours.senin is not known", "monday"]),
        (put("conversation.thresholds.sure", 1), ["thresholds.sure", "confident, suggest"]),
        (put("form.fields.0.wajib", True), ["form.fields.0.wajib", "key, label, question"]),
        (put("form.user_types.0.name", "x"), ["form.user_types.0.name", "key, label"]),
        (put("series.tiket", "x"), ["series.tiket", "ticket, human, personal_data"]),
        (put("promises.sla", "x"), ["promises.sla", "response, target"]),
        (put("sla.priorty", {}), ["sla.priorty is not known", "priority, data_request"]),
        (put("sla.priority.limit", "5 menit"), ["sla.priority.limit", "5 menit", "5m, 24h"]),
        (put("sla.priority.limit", "0m"), ["sla.priority.limit", "5m, 24h"]),
        (put("sla.lkpp.hours", "kantor"), ["sla.lkpp.hours", "'office' or 'calendar'"]),
        (put("sla.lkpp.on_breach", ["call"]), ["on_breach.0", "'notify', 'raise_tier'"]),
        (put("sla.data_reminders", [24, -3]), ["data_reminders.1", "greater than 0"]),
        (put("queue.form_first", "half"), ["queue.form_first", "'full', 'short' or 'none'"]),
        (put("queue.warn_minutes", 12), ["queue", "less than return_minutes"]),
        (put("tiers", []), ["tiers", "at least one"]),
        (put("tiers.0.role", "boss"), ["tiers.0.role", "'front_office', 'helpdesk'"]),
        (put("tiers.0.key", "lkpp"), ["tiers", "key of its own"]),
        (put("priorities", []), ["priorities", "no condition"]),
        (put("priorities.0.priority", "sedang"), ["priorities.0.priority", "'tinggi'"]),
        (put("units.0.key", "A B"), ["units.0.key", "A B"]),
        (put("authorities.kejaksaan", "x"), ["authorities.kejaksaan", "lpse, lkpp"]),
        (put("files.max_kb", 1), ["files.max_kb", "max_mb, types"]),
        (put("channels.whatsapp", True), ["channels.whatsapp", "web, telegram"]),
        (put("nlu.model", "x"), ["nlu.model", "engine"]),
        (lambda raw: raw.update(identitas=raw.pop("identity")), ["identitas is not known"]),
        # missing ones
        (drop("identity"), ["identity is missing"]),
        (drop("identity.hours_text"), ["identity.hours_text is missing"]),
        (drop("privacy.rights"), ["privacy.rights is missing"]),
        (drop("authorities.lkpp"), ["authorities.lkpp is missing"]),
        # wrong types
        (put("identity", None), ["identity", "None", "a section"]),
        (put("identity", ["LPSE"]), ["identity", "LPSE", "a section"]),
        (put("identity.name", 7), ["identity.name", "7", "text (put it in quotes)"]),
        (put("identity.contacts.phone", 215550100), ["contacts.phone", "215550100", "quotes"]),
        (put("form.fields", {}), ["form.fields", "a list"]),
        (put("form.fields.0", "nama"), ["form.fields.0", "'nama'", "a section"]),
        (put("form.fields.0.required", "mungkin"), ["required", "'mungkin'", "true or false"]),
        (put("hours.monday", "08:00-12:00"), ["hours.monday", "'08:00-12:00'", "a list"]),
        (put("hours.closures", ["besok"]), ["hours.closures.0", "'besok'", "2026-12-24"]),
        (put("hours.closures", [20261224.5]), ["hours.closures.0", "2026-12-24"]),
        (put("channels.web", "ya"), ["channels.web", "'ya'", "true or false"]),
        (put("channels.telegram_agent_group", "x"), ["agent_group", "'x'", "a whole number"]),
        (put("files.max_mb", "besar"), ["files.max_mb", "'besar'", "a number"]),
        (put("files.types", "png"), ["files.types", "'png'", "a list"]),
        (put("texts", 5), ["texts", "5", "a folder"]),
        # bad values
        (put("identity.timezone", "WIB"), ["identity.timezone", "'WIB'", "Asia/Jakarta"]),
        (put("identity.timezone", "../etc"), ["identity.timezone", "Asia/Makassar"]),
        (put("hours.monday", ["8-12"]), ["hours.monday", "8-12", '"08:00-12:00"']),
        (put("hours.monday", ["08:00-24:30"]), ["hours.monday", "08:00-24:30"]),
        (put("hours.monday", ["08:00-12:00\n"]), ["hours.monday", '"08:00-12:00"']),
        (put("hours.monday", ["٠8:00-12:00"]), ["hours.monday", '"08:00-12:00"']),
        (put("hours.friday", ["12:00-08:00"]), ["hours.friday", "not 12:00-08:00"]),
        (put("hours.friday", ["08:00-08:00"]), ["hours.friday", "not 08:00-08:00"]),
        (put("hours.friday", ["08:00-12:00", "11:00-15:00"]), ["friday", "not 11:00-15:00"]),
        (put("series.ticket", "LPSE-{nomor}"), ["series.ticket", "{nomor}", "{n}", "{check}"]),
        (put("series.ticket", "LPSE-{n"), ["series.ticket", "'LPSE-{n'"]),
        (put("series.human", "LPSE-{yy}{mm}-{n:05d}-{check}"), ["series", "differ"]),
        (put("conversation.thresholds.confident", 2), ["confident", "2", "less than or equal"]),
        (put("conversation.thresholds.suggest", 1.9), ["thresholds", "suggest", "1"]),
        (put("conversation.messages_per_minute", 1), ["messages_per_minute", "1", "5"]),
        (put("conversation.messages_per_minute", 7.5), ["messages_per_minute", "7.5", "whole"]),
        (put("conversation.draft_offer_after_hours", float("nan")), ["draft_offer"]),
        (put("form.fields.0.key", "Nama Lengkap"), ["form.fields.0.key", "'Nama Lengkap'"]),
        (put("form.fields.0.check", "nik"), ["form.fields.0.check", "'nik'", "'phone'"]),
        (put("form.fields.1.key", "nama"), ["form", "key of its own"]),
        (put("form.fields", FIELDS[:3]), ["form", "telepon"]),
        (put("form.fields.0.only_for", ["presiden"]), ["form", "presiden"]),
        (put("form.user_types.0.label", "x" * 21), ["user_types.0.label", "at most 20"]),
        (put("promises.no_target_for", ["kpk"]), ["no_target_for", "'kpk'", "'lkpp'"]),
        (put("files.max_mb", 500), ["files.max_mb", "500", "20"]),
        (put("files.max_mb", 0), ["files.max_mb", "0"]),
        (put("files.types", [".PNG"]), ["files", "types without a dot", ".PNG"]),
        (put("nlu.engine", "gpt"), ["nlu.engine", "'gpt'", "'builtin'"]),
        (put("channels.telegram", False), ["channels.telegram", "False", "'polling'"]),
        (put("texts", "nowhere"), ["nowhere", "no folder"]),
        (put("faq", "config.yml"), ["config.yml", "no folder"]),
    ],
)
def test_a_mistake_is_one_line_with_key_value_and_what_is_allowed(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, change)
    text = one_line(refused)
    for word in (str(tmp_path / "config.yml"), *words):
        assert word in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("identity:\n  name: A\n  name: B\n", ["line 3", "name", "second time"]),
        ("identity: {}\nhours: {}\nidentity: {}\n", ["line 3", "identity", "second time"]),
        ("identity: {name: A, name: B}\n", ["line 1", "second time"]),
        ("identity:\n  name: [A\n", ["line 3"]),
        ("identity:\n\tname: A\n", ["line 2"]),
        ('identity:\n  name: "A\n', ["line 3"]),
        ("identity: !!python/object/apply:os.system ['id']\n", ["line 1"]),
        ("a: *b\n", ["line 1"]),
        ("? [a, b]\n: 1\n", ["line 1"]),
        ("", ["sections"]),
        ("- identity\n", ["sections"]),
        ("LPSE\n", ["sections"]),
        (b"identity: \xff\xfe\n", ["config.yml"]),
        (b"identity: a\x00b\n", ["config.yml"]),
        ("[" * 500, ["config.yml"]),
    ],
)
def test_broken_yaml_is_one_line_that_names_the_line(
    tmp_path: Path, text: str | bytes, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        read_text(tmp_path, text)
    shown = one_line(refused)
    for word in words:
        assert word in shown


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yml is missing.*LOKET_CONFIG"):
        read_config(tmp_path / "absent.yml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path)


def test_relative_folders_stand_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "kata").mkdir()
    assert read(tmp_path, put("texts", "kata")).texts == tmp_path / "kata"


# Secrets and places


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("LOKET_PORT", "abc", "0 to 65535"),
        ("LOKET_PORT", "-1", "0 to 65535"),
        ("LOKET_PORT", "65536", "0 to 65535"),
        ("LOKET_PORT", "80 80", "0 to 65535"),
        ("LOKET_LOG_LEVEL", "loud", "debug, info"),
        ("LOKET_PUBLIC_URL", "loket.go.id", "https://"),
        ("LOKET_PUBLIC_URL", "https://loket.go.id/chat", "without a path"),
        ("LOKET_PUBLIC_URL", "javascript:alert(1)", "https://"),
        ("LOKET_TELEGRAM_BASE_URL", "localhost:8081", "http://127.0.0.1:8081"),
    ],
)
def test_a_bad_place_is_one_line(tmp_path: Path, name: str, value: str, allowed: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_places({name: value}, tmp_path)
    text = one_line(refused)
    assert f"{name}={value!r}" in text
    assert allowed in text


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("LOKET_TELEGRAM_TOKEN", "s3cret", "@BotFather"),
        ("LOKET_TELEGRAM_TOKEN", "123456:s3cret s3cret", "@BotFather"),
        ("LOKET_TELEGRAM_SECRET", "s3cret!", "letters"),
        ("LOKET_SECRET_KEY", "s3cret", "at least 32"),
        ("LOKET_DATABASE_URL", "s3cret", "postgresql://"),
        ("LOKET_DATABASE_URL", "mysql://root:s3cret@db/loket", "postgresql://"),
        ("LOKET_DATABASE_URL", "postgres://root:s3cret@db/loket", "postgresql://"),
        ("LOKET_DATABASE_URL", "postgresql://root:s3cret@db:no/loket", "postgresql://"),
        ("LOKET_DATABASE_URL", "sqlite:///:memory:", "sqlite:////"),
        ("LOKET_DATABASE_URL", "sqlite://", "sqlite:////"),
    ],
)
def test_a_bad_secret_is_refused_without_being_shown(
    tmp_path: Path, name: str, value: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read_places({name: value}, tmp_path)
    text = one_line(refused)
    assert f"{name}=(hidden)" in text
    assert allowed in text
    assert "s3cret" not in text


def test_an_unknown_variable_of_ours_is_refused_and_others_are_none_of_our_business(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError) as refused:
        read_places({"LOKET_TELEGRAM_TOKN": "x"}, tmp_path)
    assert "LOKET_TELEGRAM_TOKN is not known" in one_line(refused)
    assert "LOKET_TELEGRAM_TOKEN" in one_line(refused)
    assert read_places({"PORT": "x", "LOKETX": "y"}, tmp_path).port == 8080


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# kantor\nexport LOKET_PORT=9001\nLOKET_HOST='0.0.0.0'\n\n")
    places = read_places({"LOKET_PORT": "9002"}, tmp_path)
    assert (places.port, places.host) == (9002, "0.0.0.0")


def test_an_env_file_from_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("\ufeffLOKET_PORT=9001\r\n".encode())
    assert read_places({}, tmp_path).port == 9001


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"LOKET_PORT 9001\n", ["line 1", "LOKET_PORT"]),
        (b"A=1\nLOKET_PORT\n", ["line 2", "LOKET_PORT"]),
        (b'A=1\nLOKET_TELEGRAM_TOKEN="s3cret\n', ["line 2", "LOKET_TELEGRAM_TOKEN"]),
        (b"LOKET_HSOT=x\n", ["LOKET_HSOT is not known"]),
        (b"\xff\xfe", ["cannot be read"]),
    ],
)
def test_a_broken_env_file_is_one_line(tmp_path: Path, text: bytes, words: list[str]) -> None:
    (tmp_path / ".env").write_bytes(text)
    with pytest.raises(ConfigError) as refused:
        read_places({}, tmp_path)
    shown = one_line(refused)
    assert "s3cret" not in shown
    for word in words:
        assert word in shown


def test_a_secret_never_shows_where_places_are_printed() -> None:
    places = Places(
        secret_key=KEY, telegram_token="123456:" + "T" * 30, telegram_secret="hush-hush"
    )
    shown = repr(places)
    assert KEY not in shown
    assert "TTT" not in shown
    assert "hush" not in shown


# The key


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    places = Places(data_dir=tmp_path / "data")
    key = read_secret_key(places)
    assert len(key) == 64
    assert read_secret_key(places) == key
    file = tmp_path / "data" / "secret.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("content", [b"", b"\n", b"abc", b"0" * 63, b"z" * 64, b"\x00" * 64])
def test_a_damaged_key_is_refused_rather_than_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        read_secret_key(Places(data_dir=tmp_path))
    assert "secret.key is damaged" in one_line(refused)
    assert (tmp_path / "secret.key").read_bytes() == content


def test_a_key_that_cannot_be_kept_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as refused:
        read_secret_key(Places(data_dir=tmp_path / "file"))
    assert "LOKET_DATA_DIR" in one_line(refused)


def test_with_postgresql_the_key_must_be_given(tmp_path: Path) -> None:
    url = "postgresql://loket@localhost/loket"
    with pytest.raises(ConfigError) as refused:
        read_secret_key(Places(data_dir=tmp_path, database_url=url))
    assert "LOKET_SECRET_KEY is missing" in one_line(refused)
    assert list(tmp_path.iterdir()) == []
    assert read_secret_key(Places(database_url=url, secret_key=KEY)) == KEY.encode()


# The office's own texts and answers


def check(folder: Path, kind: str, **files: str | bytes) -> str:
    """Check an override folder with these files (``__`` is a dot)."""
    own = folder / kind
    own.mkdir()
    for name, text in files.items():
        path = own / name.replace("__", ".")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return check_files(read(folder, put(kind, kind)))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"greeting__j2": "a\n{% if x %}"}, ["greeting.j2, line 2"]),
        ({"greeting__j2": "{{ office.identity.name "}, ["greeting.j2, line 1"]),
        ({"greeting__j2": "a\n\n{{ office | besar }}"}, ["greeting.j2, line 3", "besar"]),
        ({"greeting__j2": "{% if office is lucu %}x{% endif %}"}, ["greeting.j2", "lucu"]),
        ({"greeting__j2": "{% if 0 %}{{ 1 | besar }}{% endif %}"}, ["line 1", "filter besar"]),
        ({"greeting__j2": "Halo {{ nama }}"}, ["greeting.j2", "nama is not known", "office"]),
        ({"ticket_opened__j2": "{{ nomor }}"}, ["ticket_opened.j2", "nomor", "number"]),
        (
            {"greeting__j2": "\n{{ office.identity.nama }}"},
            ["greeting.j2, line 2", "office.identity.nama", "config.yml"],
        ),
        ({"greting__j2": "Halo"}, ["greting.j2", "greeting.j2 meant"]),
        ({"zzzzzzz__j2": "Halo"}, ["zzzzzzz.j2", "replaces no text"]),
        ({"greeting__txt": "Halo"}, ["texts", "no texts", "greeting.j2"]),
        ({"greeting__j2": b"Halo \xff"}, ["greeting.j2", "cannot be read"]),
        ({"greeting__j2": '{% include "kaki.j2" %}'}, ["greeting.j2", "kaki.j2"]),
    ],
)
def test_a_fault_in_an_office_s_own_text_is_found_at_the_start(
    tmp_path: Path, files: dict[str, str | bytes], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        check(tmp_path, "texts", **files)
    shown = one_line(refused)
    for word in words:
        assert word in shown


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"greeting__j2": "Halo dari {{ office.identity.name | bold }}", "README__md": "x"},
        {"ticket_opened__j2": "{{ number }} {{ next_open }} {{ office.promises.response }}"},
        {"greeting__j2": '{% include "kaki.j2" %}', "kaki__j2": "{{ office.identity.name }}"},
        {"greeting__j2": "{% if office.identity.fax is defined %}x{% endif %}Halo"},
        {"greeting__j2": "{% set jam = office.identity.hours_text %}{{ jam.upper() }}"},
        {"ticket_opened__j2": "{% for c in number %}{{ loop.index }}{% endfor %}"},
    ],
)
def test_good_texts_of_an_office_are_taken(tmp_path: Path, files: dict[str, str]) -> None:
    assert check(tmp_path, "texts", **files).startswith("The configuration is good")


def test_every_shipped_text_would_pass_as_an_override(tmp_path: Path) -> None:
    shipped = {
        path.name.replace(".", "__"): path.read_bytes()
        for path in (ROOT / "dialogs" / "texts").glob("*.j2")
    }
    assert len(shipped) > 50
    assert check(tmp_path, "texts", **shipped).startswith("The configuration is good")


def test_the_filters_a_text_may_use_are_those_there_are() -> None:
    assert set(Texts()._jinja.filters) - set(Environment().filters) == OWN_FILTERS


ANSWER = (ROOT / "dialogs" / "faq" / "upload_gagal.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"upload_gagal__yml": "title: [\n"}, ["upload_gagal.yml", "line 1"]),
        ({"upload_gagal__yml": "title: ''\n"}, ["upload_gagal.yml", "title"]),
        ({"upload_gagal__yml": ""}, ["upload_gagal.yml"]),
        ({"upload_gagal__yml": ANSWER + "penulis: saya\n"}, ["upload_gagal.yml", "penulis"]),
        ({"upload_gagal__yml": b"title: \xff\n"}, ["upload_gagal.yml"]),
        ({"Upload Gagal__yml": ANSWER}, ["Upload Gagal.yml", "a-z"]),
    ],
)
def test_a_broken_answer_is_named(
    tmp_path: Path, files: dict[str, str | bytes], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        check(tmp_path, "faq", **files)
    shown = one_line(refused)
    for word in words:
        assert word in shown


def test_an_office_s_own_answer_counts(tmp_path: Path) -> None:
    before = check_files(read_config(ROOT / "config.yml"))
    assert check(tmp_path, "faq", parkir__yml=ANSWER) != before
