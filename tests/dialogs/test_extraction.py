import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.checks import check
from dialogs.extraction import RULES, Extracted, extract
from nlu.understanding import Entity, Understanding

PHONE = "+6281234567890"


def read(text: str) -> Extracted:
    return extract(text, Understanding(text))


FOUND: list[tuple[str, dict[str, str], str | None, str]] = [
    (
        "Saya Budi dari CV Maju, 0812-3456-7890, gagal upload penawaran",
        {"nama": "Budi", "instansi": "CV Maju", "telepon": PHONE},
        "penyedia",
        "gagal upload penawaran",
    ),
    (
        "perkenalkan nama saya Siti Aminah, PPK Dinas PU Kota Batam, mau tanya cara buat akun ppk",
        {"nama": "Siti Aminah", "instansi": "Dinas PU Kota Batam"},
        "ppk",
        "mau tanya cara buat akun ppk",
    ),
    (
        "nama: Budi\ninstansi: PT X\nhp: 081234567890\nalamat: Jl. Mawar 1\n"
        "masalah: tidak bisa login\nsejak kemarin",
        {"nama": "Budi", "instansi": "PT X", "telepon": PHONE, "alamat": "Jl. Mawar 1"},
        "penyedia",
        "tidak bisa login\nsejak kemarin",
    ),
    (
        "Nama : Sri Wahyuni, Instansi : CV Cahaya Abadi, No HP : 0812 3456 7890, "
        "Alamat : Jl. Kenanga No. 5 Batam, Masalah : tidak bisa upload",
        {
            "nama": "Sri Wahyuni",
            "instansi": "CV Cahaya Abadi",
            "telepon": PHONE,
            "alamat": "Jl. Kenanga No. 5 Batam",
        },
        "penyedia",
        "tidak bisa upload",
    ),
    (
        "1. Nama: Budi\n2. Perusahaan: CV X Y\n3. No. HP/WA: 081234567890\n4. Permasalahan: gagal",
        {"nama": "Budi", "instansi": "CV X Y", "telepon": PHONE},
        "penyedia",
        "gagal",
    ),
    (
        "NPWP: 01.312.166.0-091.000\nEmail: a@b.co",
        {"npwp": "01.312.166.0-091.000", "email": "a@b.co"},
        None,
        "",
    ),
    ("Sebagai: PPK\nkendala: lupa sandi", {}, "ppk", "lupa sandi"),
    ("saya Budi", {"nama": "Budi"}, None, ""),
    ("saya dimas", {"nama": "Dimas"}, None, ""),
    ("saya Pak Budi", {"nama": "Budi"}, None, ""),
    ("dengan Budi", {"nama": "Budi"}, None, ""),
    ("mohon bantuan saya Joko", {"nama": "Joko"}, None, ""),
    ("saya budi dari cv maju", {"nama": "Budi", "instansi": "CV Maju"}, "penyedia", ""),
    ("saya budi gak bisa login", {"nama": "Budi"}, None, "gak bisa login"),
    ("ini Budi dari CV Maju", {"nama": "Budi", "instansi": "CV Maju"}, "penyedia", ""),
    ("nama saya budi santoso mau tanya", {"nama": "Budi Santoso"}, None, ""),
    ("nama saya Zulaikha Qomariyah", {"nama": "Zulaikha Qomariyah"}, None, ""),
    (
        "saya Budi Hartono. Akun saya terkunci.",
        {"nama": "Budi Hartono"},
        None,
        "Akun saya terkunci",
    ),
    (
        "assalamualaikum wr wb, nama saya Muhammad bin Ali dari UD Sumber Rezeki",
        {"nama": "Muhammad bin Ali", "instansi": "UD Sumber Rezeki"},
        "penyedia",
        "",
    ),
    (
        "Budi Santoso - CV Maju Jaya - 081234567890",
        {"nama": "Budi Santoso", "instansi": "CV Maju Jaya", "telepon": PHONE},
        "penyedia",
        "",
    ),
    (
        "saya wahyu\nppk dinas pu\n081234567890\nlupa password",
        {"nama": "Wahyu", "instansi": "Dinas PU", "telepon": PHONE},
        "ppk",
        "lupa password",
    ),
    (
        "saya Kadek Ayu (CV Bali Indah) tidak bisa masuk",
        {"nama": "Kadek Ayu", "instansi": "CV Bali Indah"},
        "penyedia",
        "tidak bisa masuk",
    ),
    (
        "Yth Admin LPSE, saya Bambang Sutrisno dari CV. Karya Mandiri ingin lapor kendala upload",
        {"nama": "Bambang Sutrisno", "instansi": "CV. Karya Mandiri"},
        "penyedia",
        "ingin lapor kendala upload",
    ),
    (
        "Pagi pak, saya dengan Hj. Nurhayati dari RSUD Embung Fatimah",
        {"nama": "Hj. Nurhayati", "instansi": "RSUD Embung Fatimah"},
        None,
        "",
    ),
    (
        "Dengan hormat, saya Andi Wijaya selaku PPK Dinas Kesehatan ingin menanyakan status tiket",
        {"nama": "Andi Wijaya", "instansi": "Dinas Kesehatan"},
        "ppk",
        "ingin menanyakan status tiket",
    ),
    (
        "saya dari dinas pendidikan kota batam",
        {"instansi": "Dinas Pendidikan Kota Batam"},
        None,
        "",
    ),
    (
        "kami dari CV Karya Baru tidak bisa login",
        {"instansi": "CV Karya Baru"},
        "penyedia",
        "tidak bisa login",
    ),
    (
        "saya direktur CV Maju Bersama, lupa user id",
        {"instansi": "CV Maju Bersama"},
        "penyedia",
        "lupa user id",
    ),
    (
        "saya staf bappeda kota batam, sirup error",
        {"instansi": "Bappeda Kota Batam"},
        None,
        "sirup error",
    ),
    ("nama perusahaan saya CV Maju", {"instansi": "CV Maju"}, "penyedia", ""),
    ("CV Maju Jaya", {"instansi": "CV Maju Jaya"}, "penyedia", ""),
    (
        "perwakilan PT Telkom Indonesia, server down",
        {"instansi": "PT Telkom Indonesia"},
        "penyedia",
        "server down",
    ),
    (
        "SAYA BUDI DARI CV MAJU GAGAL LOGIN",
        {"nama": "BUDI", "instansi": "CV MAJU"},
        "penyedia",
        "GAGAL LOGIN",
    ),
    (
        "saya Ani, mahasiswa, mau tanya data tender",
        {"nama": "Ani"},
        "masyarakat",
        "mau tanya data tender",
    ),
    ("Saya PA/KPA Dinas Sosial", {"instansi": "Dinas Sosial"}, "pa_kpa", ""),
    ("nomor saya 0812 3456 7890", {"telepon": PHONE}, None, ""),
    ("saya Budi hp 081234567890 ya min", {"nama": "Budi", "telepon": PHONE}, None, ""),
    ("email saya budi@gmail.com", {"email": "budi@gmail.com"}, None, ""),
    ("npwp kami 01.312.166.0-091.000", {"npwp": "01.312.166.0-091.000"}, None, ""),
    ("saya penyedia mau daftar", {}, "penyedia", "saya penyedia mau daftar"),
    ("pak saya ppk lupa password spse", {}, "ppk", "saya ppk lupa password spse"),
    (
        "saya admin agency baru, akun belum dibuat",
        {},
        "admin",
        "saya admin agency baru, akun belum dibuat",
    ),
    ("Saya Penyedia", {}, "penyedia", ""),
    ("saya selaku KPA mau umumkan rup", {}, "pa_kpa", "saya selaku KPA mau umumkan rup"),
    ("saya auditor, minta akses paket", {}, "auditor", "saya auditor, minta akses paket"),
]

NOTHING = """
saya lupa password
saya dari tadi gagal upload
saya mau tanya cara daftar
kami dari Batam
ini saya sudah coba
saya tidak bisa login
saya gaptek min
saya bingung
saya kesusahan login
saya nunggu dari kemarin
saya hari ini gagal upload
saya orang baru
saya diundang dari dinas PU
Saya Sudah Coba Login
ini Apendo kenapa
dengan hormat kami sampaikan
teman saya Budi gagal login
atasan saya Pak Joko minta akun
kenapa CV Maju menang?
nama saya tidak muncul di inaproc
nama saya kedobel di sikap
nama: error
instansi: tidak muncul
undangan dari PT Jaya tidak masuk
Notifikasi dari Dinas PU tidak masuk
paket dari dinas kesehatan tidak ada
pokja belum jawab sanggah saya
daftar sebagai penyedia gimana
saya bukan penyedia
hubungi 021-29935577 tidak diangkat
sudah telepon ke 0812 3456 7890 tidak dijawab
mau ganti email ke budi@gmail.com
npwp lama 01.312.166.0-091.000 mau diganti
user id saya budi123
tender 081234567890 gagal
Zulaikha dari CV Maju
gagal upload penawaran
""".strip().splitlines()


@pytest.mark.parametrize(("text", "answers", "user_type", "problem"), FOUND)
def test_what_is_said_is_found(
    text: str, answers: dict[str, str], user_type: str | None, problem: str
) -> None:
    found = read(text)
    assert dict(found.answers) == answers
    assert found.user_type == user_type
    assert found.problem == problem


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_looks_like_an_introduction_is_left_alone(text: str) -> None:
    found = read(text)
    assert (dict(found.answers), found.user_type, found.problem) == ({}, None, text)


@pytest.mark.parametrize(
    "text", ["halo", "halo min mau tanya", "selamat pagi pak", "saya mau tanya"]
)
def test_a_greeting_is_no_problem(text: str) -> None:
    assert read(text) == Extracted({}, None, "", None)


def test_the_greeting_before_a_problem_is_left_out() -> None:
    assert read("min user id saya lupa").problem == "user id saya lupa"


@pytest.mark.parametrize("text", ["admin agency lupa password", "petugas bilang belum daftar"])
def test_a_word_that_only_might_be_a_greeting_stays(text: str) -> None:
    assert read(text).problem == text


def test_a_number_the_parse_takes_for_something_else_is_no_phone() -> None:
    text = "saya Budi, 081234567890 sudah tayang"
    code = Entity("kode_tender", "081234567890", 11, 23)
    assert "telepon" not in extract(text, Understanding(text, entities=(code,))).answers


@pytest.mark.parametrize(
    ("text", "soon"),
    [
        ("tutup jam 3 sore ini", "under_24h"),
        ("2 jam lagi", "under_24h"),
        ("hari ini terakhir", "under_24h"),
        ("hari ini penutupan", "under_24h"),
        ("penawaran ditutup hari ini jam 10", "under_24h"),
        ("jam 10 hari ini tutup", "under_24h"),
        ("batas akhir upload nanti sore", "under_24h"),
        ("deadline malam ini pukul 23.59", "under_24h"),
        ("kirim sanggahan error min, sisa 2 jam", "under_24h"),
        ("30 menit lagi tutup", "under_24h"),
        ("setengah jam lagi", "under_24h"),
        ("kurang dari 24 jam", "under_24h"),
        ("minggu depan", "later"),
        ("tendernya selesai minggu depan", "later"),
        ("senin depan", "later"),
        ("batas waktu lusa", "later"),
        ("3 hari lagi", "later"),
        ("36 jam lagi", "later"),
        ("lebih dari 24 jam", "later"),
        ("besok tutup", None),
        ("tutup jam berapa hari ini", None),
        ("LPSE tutup jam 4 ya?", None),
        ("sudah 2 jam loading", None),
        ("tunggu 2 jam lagi", None),
        ("hari ini gagal terus", None),
        ("respon 1x24 jam", None),
        ("rup tahun depan", None),
        ("kemarin", None),
    ],
)
def test_a_deadline_is_read_only_where_it_is_sure(text: str, soon: str | None) -> None:
    assert read(text).deadline == soon


@given(st.text(max_size=300) | st.lists(st.sampled_from(" ".join(NOTHING).split())).map(" ".join))
def test_every_answer_passes_its_check(text: str) -> None:
    for key, value in read(text).answers.items():
        assert check(RULES[key], value).value == value


@pytest.mark.parametrize(
    "unit",
    [
        "saya budi ",
        "nama: a\n",
        "cv a ",
        "tutup  ",
        "hari ini , ",
        "0812 ",
        "a@b.",
        " ",
        "\n",
        ", ",
    ],
)
def test_the_longest_text_is_read_in_a_moment(unit: str) -> None:
    text = (unit * 8000)[:8000]
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 0.2
