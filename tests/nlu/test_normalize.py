"""The normaliser: what it must bring together, and what it must leave alone."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.learning.fingerprint import PROJECT
from nlu.learning.training_data import read_folder
from nlu.text import lexicon, slips
from nlu.text.clauses import readings
from nlu.text.dialects import DIALECTS, ENGLISH
from nlu.text.lexicon import FORMS, KEEP, words
from nlu.text.normalize import normalize
from nlu.text.phrases import PHRASES
from nlu.text.roots import ROOTS, root
from nlu.text.slips import NOT_SLIPS, TERMS, corrected, distance, unvowelled


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmn caranya", "bagaimana cara"),
        ("gimanaaaa", "bagaimana"),
        ("ga gak gk tdk nggak", "tidak tidak tidak tidak tidak"),
        ("pasword eror aplod imel", "password error upload email"),
        ("diaplod", "upload"),
        ("kata sandi", "password"),
        ("dokumen2nya", "dokumen"),
        ("dokumen-dokumen", "dokumen"),
        ("masing2 buru2", "masing buru"),
        ("emailnya passwordnya", "email password"),
        ("emailny paswordku tendermu", "email password tender"),
        ("user id nya", "userid"),
        ("LOGINNN", "login"),
        ("minnn kakkk", "admin kak"),
        ("e-katalog versi 6", "katalog v6"),
        ("budi@contoh.co.id", "_mail"),
        ("https://spse.inaproc.id/kab", "_url"),
        ("LPSE-2611-00042-K", "_tiket"),
        ("npwp 01.234.567.8-901.234", "npwp _num"),
        ("error 404", "error 404"),
        ("<b>upload</b>", "upload"),
        ("café", "cafe"),
        ("pa\u200bssword", "password"),
    ],
)
def test_spellings_become_one(typed: str, meant: str) -> None:
    assert normalize(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gabisa gakbisa tdkbisa", "tidak bisa tidak bisa tidak bisa"),
        ("gakmasuk", "tidak masuk"),
        ("blmbisa blmmasuk", "belum bisa belum masuk"),
        ("sdhdaftar", "sudah daftar"),
        ("lupapassword", "lupa password"),
        ("loginspse", "login spse"),
        ("gantiimel", "ganti email"),
    ],
)
def test_words_written_together_are_parted(typed: str, meant: str) -> None:
    assert normalize(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pasowrd", "password"),
        ("pnewaran", "penawaran"),
        ("verivikasi", "verifikasi"),
        ("registarsi", "registrasi"),
        ("anwizjing", "aanwijzing"),
        ("kualifkiasi", "kualifikasi"),
        ("dokuemn", "dokumen"),
        ("ertifikat", "ertifikat"),
        ("vrfksi dkmn kntrk", "verifikasi dokumen kontrak"),
        ("perushaaan", "perusahaan"),
    ],
)
def test_a_mistyped_domain_word_is_put_right(typed: str, meant: str) -> None:
    assert normalize(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dikirim dikirimkan ngirim kekirim", " ".join(["kirim"] * 4)),
        ("didaftarkan mendaftarkan daftarin kedaftar", " ".join(["daftar"] * 4)),
        ("jelasin dijelaskan menjelaskan", " ".join(["jelaskan"] * 3)),
        ("bikinin dibikin", "buat buat"),
        ("majukan memajukan", "majukan memajukan"),
        ("ditolak terkunci keberatan keluar melalui", "ditolak terkunci keberatan keluar melalui"),
        ("pendaftaran pengiriman penawaran", "pendaftaran pengiriman penawaran"),
    ],
)
def test_forms_of_a_verb_become_its_root(typed: str, meant: str) -> None:
    assert normalize(typed) == meant


@pytest.mark.parametrize("verb", sorted(ROOTS))
def test_a_root_has_no_other_root(verb: str) -> None:
    assert root(verb) == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lali sandine piye", "lupa password bagaimana"),
        ("hilap sandina kumaha", "lupa password bagaimana"),
        ("lupo sandinyo baa", "lupa password bagaimana"),
        ("lali hilap poho lupo kesupen engsap", "lupa lupa lupa lupa lupa lupa"),
        ("piye kumaha baa kayapa cakmano", " ".join(["bagaimana"] * 5)),
        ("ora iso", "tidak bisa"),
        ("teu tiasa", "tidak bisa"),
        ("indak bisa", "tidak bisa"),
        ("kagak bise", "tidak bisa"),
        ("kada kawa", "tidak bisa"),
        ("mlebu lebet asup masuak", "masuk masuk masuk masuk"),
        ("forgot my password", "lupa saya password"),
        ("unggah dokumen", "upload dokumen"),
        ("winner bid deadline", "pemenang penawaran batas waktu"),
        ("blacklist", "daftar hitam"),
        ("not yet", "belum"),
    ],
)
def test_other_languages_become_indonesian(typed: str, meant: str) -> None:
    assert normalize(typed) == meant


@pytest.mark.parametrize(
    "word",
    sorted(
        words(
            "pp pa pl pw ttd pas npwp nib nik ppk kpa rup kso hps ba bast sk tte adp pho fho ppe"
            " sbu siujk otp totp vai dipa dpa kbli ldp lkpp lpse spse oss wbs skm tkdn"
            " pdn apip ukpbj opd"
        )
    ),
)
def test_domain_words_are_left_alone(word: str) -> None:
    assert normalize(word) == word
    assert normalize(f"akun {word.upper()} saya").split()[1] == word


@pytest.mark.parametrize(
    "word",
    sorted(
        words(
            "tanya hanya punya saat maaf surat dinas masalah setelah sekarang rencana upaya"
            " ilmu perlu berlaku beberapa sampai kuliah jumlah anggaran pertama"
            " pelaku buku tamu kepala"
        )
    ),
)
def test_words_that_look_like_slips_are_left_alone(word: str) -> None:
    assert normalize(word) == word


@pytest.mark.parametrize("word", sorted(NOT_SLIPS - FORMS.keys()))
def test_real_words_near_a_domain_word_are_not_corrected(word: str) -> None:
    assert corrected(word) == unvowelled(word) == ""
    assert normalize(word) == (root(word) or word)


def test_no_table_touches_a_word_to_keep() -> None:
    assert not KEEP & FORMS.keys()


def test_a_spelling_stands_once_in_the_tables() -> None:
    tables = (lexicon._SPELLINGS, DIALECTS, ENGLISH)
    spellings = Counter(w for table in tables for line in table.values() for w in line.split())
    assert [word for word, times in spellings.items() if times > 1] == []


def test_no_domain_word_is_a_known_other_word() -> None:
    assert not TERMS & NOT_SLIPS


@pytest.mark.parametrize(("phrase", "meant"), PHRASES.items())
def test_every_phrase_of_the_table_is_reached(phrase: str, meant: str) -> None:
    assert normalize(phrase) == meant


@pytest.mark.parametrize(
    ("a", "b", "slips_between"),
    [
        ("tender", "tender", 0),
        ("tendr", "tender", 1),
        ("tednre", "tender", 2),
        ("etnder", "tender", 1),
        ("tenders", "tender", 1),
        ("tander", "tender", 1),
        ("", "ab", 2),
    ],
)
def test_a_slip_is_one_letter_or_two_neighbours_swapped(a: str, b: str, slips_between: int) -> None:
    assert distance(a, b) == distance(b, a) == slips_between


@given(st.sampled_from(sorted(t for t in TERMS if len(t) > 6)), st.data())
def test_any_one_slip_behind_the_first_letter_is_understood(term: str, data: st.DataObject) -> None:
    """Put right, or taken for another word that is as near: never for one further away."""
    at = data.draw(st.integers(1, len(term) - 1))
    letter = data.draw(st.sampled_from("aeiourstnkglmdpbh"))
    typed = data.draw(
        st.sampled_from(
            [
                term[:at] + term[at + 1 :],
                term[:at] + letter + term[at:],
                term[:at] + letter + term[at + 1 :],
            ]
        )
    )
    found = slips.corrected(typed)
    assert found in ("", term) or distance(typed, found) <= distance(typed, term)


@pytest.mark.parametrize("text", ["", "   ", "👍🙏", "привет", "مرحبا", "你好", "!?.,"])
def test_texts_without_latin_words_become_empty(text: str) -> None:
    assert normalize(text) == ""


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_plain_words_between_single_blanks(text: str) -> None:
    said = normalize(text)
    assert said == " ".join(said.split())
    assert said.isascii()


def test_what_is_normal_already_stays_as_it_is() -> None:
    """Nearly always: a table may hold the form of another table."""
    texts = [normalize(example.text) for example in read_folder(PROJECT / "data")]
    moved = [text for text in texts if normalize(text) != text]
    assert len(moved) < 0.01 * len(texts), moved[:20]


@pytest.mark.parametrize(
    "unit",
    [
        "a-",
        "a.",
        "<a",
        "x'",
        "http://",
        "1-",
        "aa aa-aa-",
        "@",
        "a",
        "ab",
        "www.",
        "a@a.",
        "2a2",
        "nya",
        "LPSE-2611 ",
        "0 ",
        "é",
        "\u200b",
        "aaab",
        "perpanjangann ",
        "<b ",
        "a_",
        "lupa",
    ],
)
def test_hostile_texts_take_milliseconds(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    started = time.process_time()
    normalize(text)
    assert time.process_time() - started < 0.1


def test_thousands_of_words_never_heard_before_take_milliseconds() -> None:
    syllables = [a + b for a in "bdgklmprst" for b in "aeiou"]
    text = " ".join(
        f"pen{syllables[i % 50]}{syllables[i // 50 % 50]}{syllables[i * 7 % 50]}an"
        for i in range(10_000)
    )
    started = time.process_time()
    normalize(text)
    assert time.process_time() - started < 0.5


def test_a_usual_message_takes_microseconds() -> None:
    text = "min mau tanya, saya lupa pasword spse nya gmn ya caranya reset? emailnya udh ga aktif"
    normalize(text)
    started = time.process_time()
    for _ in range(200):
        normalize(text)
    assert (time.process_time() - started) / 200 < 0.0003


@pytest.mark.parametrize("unit", [" ", "\t", ",  ", "terus ", ". ", "1. "])
def test_a_message_of_blanks_is_parted_in_milliseconds(unit: str) -> None:
    took = []
    for _ in range(3):
        begun = time.process_time()
        readings(unit * 1000)
        took.append(time.process_time() - begun)
    assert min(took) < 0.04


def test_blanks_before_a_joint_do_not_hide_it() -> None:
    assert readings("gagal upload, \t        terus      lupa password").sentences == (
        "gagal upload",
        "lupa password",
    )
