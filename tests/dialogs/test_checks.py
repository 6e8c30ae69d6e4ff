import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.checks import PROBLEMS, TABLE, check, display_phone
from dialogs.texts import Texts


@dataclass(frozen=True)
class Field:
    label: str = "Nama"
    example: str = "Budi Santoso"


GOOD = {
    "name": [
        ("Budi", "Budi"),
        ("nama saya Budi Santoso", "Budi Santoso"),
        ("nama : budi", "Budi"),
        ("Nama lengkap saya adalah Muhammad Al-Fatih", "Muhammad Al-Fatih"),
        ("perkenalkan, saya Siti Aminah", "Siti Aminah"),
        ("dengan Pak Budi", "Budi"),
        ("dgn Rina disini", "Rina"),
        ("siti aminah min", "Siti Aminah"),
        ("budi santoso ya kak", "Budi Santoso"),
        ("Budi dari CV Maju", "Budi"),
        ("ibu Dewi (CV Maju)", "Dewi"),
        ("Dr. Ir. Hj. Siti Nurbaya, M.Si", "Dr. Ir. Hj. Siti Nurbaya, M.Si"),
        ("Bapak H. Ahmad, S.T.", "H. Ahmad, S.T."),
        ("O'Neil", "O'Neil"),
        ("Sandi", "Sandi"),
        ("Bagus Indah Permata", "Bagus Indah Permata"),
        ("Hari", "Hari"),
        ("Dimas", "Dimas"),
        ("李小龙", "李小龙"),
    ],
    "text": [
        ("CV Maju", "CV Maju"),
        ("dari CV Maju", "CV Maju"),
        ("saya dari PT Jaya Abadi", "PT Jaya Abadi"),
        ("instansi saya Dinas PU Kota Batam", "Dinas PU Kota Batam"),
        ("nama perusahaan: PT X", "PT X"),
        ("instansi: nama instansi: PT X", "PT X"),
        ("perorangan", "perorangan"),
        ("PU", "PU"),
    ],
    "address": [
        ("Jl. Sudirman No. 5,  Batam", "Jl. Sudirman No. 5, Batam"),
        ("alamat saya di Jl. Mawar 3", "Jl. Mawar 3"),
        ("Alamat kantor kami: Jl. A. Yani 5", "Jl. A. Yani 5"),
        ("di jalan melati no 3", "jalan melati no 3"),
        ("Batam", "Batam"),
    ],
    "phone": [
        ("0812-3456-7890", "+6281234567890"),
        ("nomornya 0812 3456 7890", "+6281234567890"),
        ("+62 812 3456 7890", "+6281234567890"),
        ("+62 0812-3456-7890", "+6281234567890"),
        ("62812 3456 7890", "+6281234567890"),
        ("0062 812 3456 7890", "+6281234567890"),
        ("8123456789", "+628123456789"),
        ("0812.3456.7890", "+6281234567890"),
        ("(0778) 462047", "+62778462047"),
        ("021-29935577 ext 12", "+622129935577"),
        ("hp 0812-3456-7890 atau 0813-1111-2222", "+6281234567890"),
        ("rumah no 5, hp 0812-3456-7890", "+6281234567890"),
        ("+65 9123 4567", "+6591234567"),
        ("０８１２３４５６７８９０", "+6281234567890"),
    ],
    "email": [
        ("budi@gmail.com", "budi@gmail.com"),
        ("email saya Budi.S@Mail.Co.Id ya", "Budi.S@mail.co.id"),
    ],
    "npwp": [
        ("01.312.166.0-091.000", "01.312.166.0-091.000"),
        ("npwp kami 013121660091000", "01.312.166.0-091.000"),
        ("0131 2166 0091 000", "01.312.166.0-091.000"),
        ("0013121660091000", "0013121660091000"),
        ("3171011708450001", "3171011708450001"),
        ("6501011708450001", "6501011708450001"),
    ],
}

BAD = {
    "name": [
        ("", "empty"),
        (" . ", "empty"),
        ("-", "empty"),
        ("B", "name_too_short"),
        ("08123456789", "name_is_number"),
        ("123", "name_is_number"),
        ("https://x.com", "name_is_link"),
        ("budi@gmail.com", "name_is_link"),
        ("apa itu?", "name_is_question"),
        ("kenapa harus nama", "name_is_question"),
        ("menu", "name_is_question"),
        ("lupa password akun", "name_is_question"),
        ("saya tidak mau", "name_is_question"),
        ("/start", "name_is_question"),
        ("Bu" * 51, "name_too_long"),
        ("[password disamarkan]", "masked"),
        ("nama saya", "name_is_question"),
    ],
    "text": [("x", "text_too_short"), ("CV " + "y" * 200, "text_too_long"), ("...", "empty")],
    "address": [
        ("Jl.", "address_too_short"),
        ("12345", "address_no_words"),
        ("a" * 301, "address_too_long"),
        ("Jl. Mawar 3 NIK [NIK disamarkan]", "masked"),
    ],
    "phone": [
        ("tidak ada", "phone_no_digits"),
        ("0812", "phone_too_short"),
        ("462047", "phone_too_short"),
        ("144", "phone_too_short"),
        ("081234567890123", "phone_too_long"),
        ("08123456789012345678", "phone_too_long"),
        ("0000000000", "phone_invalid"),
        ("123456789012", "phone_invalid"),
        ("+999 1234 5678", "phone_invalid"),
    ],
    "email": [
        ("budi", "email_no_at"),
        ("budi@", "email_invalid"),
        ("budi@x", "email_invalid"),
        ("a..b@c.com", "email_invalid"),
        ("budi@gmail,com", "email_invalid"),
    ],
    "npwp": [
        ("tidak ada", "npwp_no_digits"),
        ("12345", "npwp_length"),
        ("01.234.567.8-901.234", "npwp_invalid"),
        ("9999999999999999", "npwp_invalid"),
    ],
}


@pytest.mark.parametrize(
    ("rule", "text", "value"), [(rule, *case) for rule, cases in GOOD.items() for case in cases]
)
def test_a_good_answer_is_taken_without_its_wrapper(rule: str, text: str, value: str) -> None:
    result = check(rule, text)
    assert (result.value, result.problem) == (value, None)


@pytest.mark.parametrize(
    ("rule", "text", "problem"), [(rule, *case) for rule, cases in BAD.items() for case in cases]
)
def test_a_bad_answer_says_what_is_wrong(rule: str, text: str, problem: str) -> None:
    result = check(rule, text)
    assert (result.value, result.problem) == (None, problem)


def test_every_problem_is_shown_by_a_bad_answer_above() -> None:
    assert {problem for cases in BAD.values() for _, problem in cases} == set(PROBLEMS)


@pytest.mark.parametrize("rule", TABLE)
def test_a_clean_value_passes_its_own_check_unchanged(rule: str) -> None:
    for text, value in GOOD[rule]:
        assert check(rule, value).value == value, text


@given(st.sampled_from(sorted(TABLE)), st.text(max_size=300))
def test_any_text_gets_a_value_that_stays_or_a_known_problem(rule: str, text: str) -> None:
    result = check(rule, text)
    assert (result.value is None) == (result.problem in PROBLEMS)
    assert result.value is None or check(rule, result.value) == result


def test_an_unknown_rule_is_a_fault_of_the_program() -> None:
    with pytest.raises(KeyError):
        check("shoe_size", "42")


@pytest.mark.parametrize("unit", [" ", ", ", "1", "0812 ", "a@", "pak ", "nama ", ".", "cv "])
@pytest.mark.parametrize("rule", TABLE)
def test_a_long_text_is_checked_in_linear_time(rule: str, unit: str) -> None:
    text = (unit * 8000)[:8000]
    started = time.process_time()
    check(rule, text)
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("+6281234567890", "0812-3456-7890"),
        ("+62778462047", "(0778) 462047"),
        ("+6591234567", "+65 9123 4567"),
        ("bukan nomor", "bukan nomor"),
    ],
)
def test_a_phone_is_shown_as_people_write_it(stored: str, shown: str) -> None:
    assert display_phone(stored) == shown


def test_every_problem_has_a_sentence_of_its_own_with_the_example() -> None:
    texts = Texts()
    sentences = [texts.render("problems", problem=p, field=Field()) for p in PROBLEMS]
    unknown = texts.render("problems", problem="?", field=Field())
    assert len({*sentences, unknown}) == len(PROBLEMS) + 1
    assert all("Budi Santoso" in s and len(s) < 200 for s in sentences)


def test_a_field_without_an_example_is_asked_without_one() -> None:
    text = Texts().render("problems", problem="empty", field=Field(example=""))
    assert "Contoh" not in text
