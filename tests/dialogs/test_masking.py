import string
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialogs.masking import PLACEHOLDERS, mask

PASSWORD, OTP, NIK, PASSPORT, CARD = (
    PLACEHOLDERS[kind] for kind in ("password", "otp", "nik", "passport", "card")
)
VALID_NIK = "3171011708450001"

MASKED = [
    # passwords after a separator
    ("pass: abc", f"pass: {PASSWORD}"),
    ("pw=Ab:12", f"pw={PASSWORD}"),
    ("PASSWORD : Rahasia", f"PASSWORD : {PASSWORD}"),
    ("password→abc", f"password→{PASSWORD}"),
    ("passwordnya: kucing", f"passwordnya: {PASSWORD}"),
    ("password-nya: kucing", f"password-nya: {PASSWORD}"),
    ("password nya adalah kucing77", f"password nya adalah {PASSWORD}"),
    ("sandi akun spse saya yaitu merdeka", f"sandi akun spse saya yaitu {PASSWORD}"),
    ("kata sandi akun: Ab#12", f"kata sandi akun: {PASSWORD}"),
    ("kata sandinya ialah bunga", f"kata sandinya ialah {PASSWORD}"),
    ("user: budi pass: 12345", f"user: budi pass: {PASSWORD}"),
    ("u: budi p: 1234", f"u: budi p: {PASSWORD}"),
    ("user/pass: budi/rahasia1", f"user/pass: {PASSWORD}"),
    ("id: budi, pw: x1y2", f"id: budi, pw: {PASSWORD}"),
    ("password: admin", f"password: {PASSWORD}"),
    ("password: kucing lari tolong dicek", f"password: {PASSWORD} tolong dicek"),
    ('kata sandi saya: "kucing lari malam"', f"kata sandi saya: {PASSWORD}"),
    ("password:\nRahasia123\nuser: budi", f"password:\n{PASSWORD}\nuser: budi"),
    ("password akun CV Maju Jaya: Rahasia123", f"password akun CV Maju Jaya: {PASSWORD}"),
    (
        "password lama: abc, password baru: xyz",
        f"password lama: {PASSWORD}, password baru: {PASSWORD}",
    ),
    ("my password is hunter2", f"my password is {PASSWORD}"),
    ("password wifi kantor: abcd", f"password wifi kantor: {PASSWORD}"),
    # passwords after a possessive
    ("pw saya Rahasia123", f"pw saya {PASSWORD}"),
    ("sandinya rahasia2024", f"sandinya {PASSWORD}"),
    ("passwordnya kucing", f"passwordnya {PASSWORD}"),
    ('passwordnya "kucing hitam 3"', f"passwordnya {PASSWORD}"),
    ("pw saya kucing ya min tolong dicek", f"pw saya {PASSWORD} ya min tolong dicek"),
    ("password saya Rahasia 123", f"password saya {PASSWORD}"),
    ("password saya 081234567890", f"password saya {PASSWORD}"),
    ("pin saya 1234", f"pin saya {PASSWORD}"),
    ("Passwordku kucing99", f"Passwordku {PASSWORD}"),
    ("passwordnya\nRahasia123", f"passwordnya\n{PASSWORD}"),
    # passwords after a bare word, some words later, or before it
    ("pin 123456", f"pin {PASSWORD}"),
    ("pasword qwerty123", f"pasword {PASSWORD}"),
    ("passwrd qwerty123", f"passwrd {PASSWORD}"),
    ("passwd Qw3rty!", f"passwd {PASSWORD}"),
    ("pwd = qwerty", f"pwd = {PASSWORD}"),
    ("password Lpse@2024 gak bisa", f"password {PASSWORD} gak bisa"),
    ("ganti password jadi kucing77 tapi error", f"ganti password jadi {PASSWORD} tapi error"),
    (
        "login gagal padahal password Kucing88 sudah benar",
        f"login gagal padahal password {PASSWORD} sudah benar",
    ),
    (
        "udah coba pw Lpse2024 sama Lpse2025 tetap gagal",
        f"udah coba pw {PASSWORD} sama {PASSWORD} tetap gagal",
    ),
    ("user budi pass kucing tolong cek", f"user budi pass {PASSWORD} tolong cek"),
    ("login pake budi / Rahasia99 ga bisa", f"login pake budi / {PASSWORD} ga bisa"),
    ("masuk pakai user budi01, Kucing#7 gagal", f"masuk pakai user budi01, {PASSWORD} gagal"),
    ("login dgn budi dan Rahasia99", f"login dgn budi dan {PASSWORD}"),
    ("Rahasia123 itu password saya", f"{PASSWORD} itu password saya"),
    ("password123", PASSWORD),
    # file names
    ("password_123abc.txt", f"password_{PASSWORD}.txt"),
    ("otp-482913.png", f"otp-{OTP}.png"),
    (f"KTP_{VALID_NIK}.jpg", f"KTP_{NIK}.jpg"),
    # one-time codes
    ("otp 482913", f"otp {OTP}"),
    ("otp482913", f"otp{OTP}"),
    ("TOTP 123456", f"TOTP {OTP}"),
    ("kode otp saya 482 913", f"kode otp saya {OTP}"),
    ("OTP: 12 34 56", f"OTP: {OTP}"),
    ("kode verifikasi: 1234", f"kode verifikasi: {OTP}"),
    ("kode verifikasi: AB12CD", f"kode verifikasi: {OTP}"),
    ("kode keamanan 482913 salah terus", f"kode keamanan {OTP} salah terus"),
    ("kode otp yang masuk 482913 tapi ditolak", f"kode otp yang masuk {OTP} tapi ditolak"),
    ("482913 kode otp nya min", f"{OTP} kode otp nya min"),
    ("otp 482913 081234567890", f"otp {OTP} 081234567890"),
    ("totp secret JBSWY3DPEHPK3PXP", f"totp secret {OTP}"),
    # NIK
    ("NIK 3171234567890123", f"NIK {NIK}"),
    (f"nik{VALID_NIK}", f"nik{NIK}"),
    (VALID_NIK, NIK),
    ("nik saya 3171 0117 0845 0001", f"nik saya {NIK}"),
    ("3171.0117.0845.0001", NIK),
    ("ini 317101 170845 0001 min", f"ini {NIK} min"),
    ("9201015708450001", NIK),
    ("nomor ktp saya 317101170845001", f"nomor ktp saya {NIK}"),
    (f"NIK:\n{VALID_NIK}", f"NIK:\n{NIK}"),
    (f"{VALID_NIK} 081234567890", f"{NIK} 081234567890"),
    (f"NIK/NPWP: {VALID_NIK}", f"NIK/NPWP: {NIK}"),
    (f"ktp {VALID_NIK} npwp 01.234.567.8-901.234", f"ktp {NIK} npwp 01.234.567.8-901.234"),
    ("３１７１０１１７０８４５０００１", NIK),
    # passports and cards
    ("paspor A1234567", f"paspor {PASSPORT}"),
    ("passport no. C 1234567", f"passport no. {PASSPORT}"),
    ("paspor saya no A1234567", f"paspor saya no {PASSPORT}"),
    ("kartu kredit 4111 1111 1111 1111", f"kartu kredit {CARD}"),
    ("4111-1111-1111-1111", CARD),
    ("5500005555555559", CARD),
    ("kode cvv saya: 123", f"kode cvv saya: {CARD}"),
]

KEPT = """
login pakai chrome / firefox tetap gagal
masuk pakai user majujaya01 gagal terus
login pakai akun penyedia ppk2024 gagal
lupa password akun
password saya salah terus
pw error
reset password gagal
ganti password tidak bisa
kode tender 10023456
NPWP 01.234.567.8-901.234
NPWP 3171011708450001
npwp 16 digit: 3171011708450001
NIB 9120001234567
0812-3456-7890
+62 812 3456 7890
LPSE-2611-00042-K
RUP 45678901
Rp 482.913
nilai HPS Rp 3.171.011.708.450
tanggal 12 05 2024 12 06 2024
2024-11-05 10:22:33
otp tidak masuk
otp tidak masuk, harga Rp 482.913
otp tidak masuk ke 0812 3456 7890
otp tidak masuk 0812 3456 7890
hp saya 081234567890 otp gagal
tender 10023456 otp gagal
otp tidak masuk, paket 45678901
kode otp belum diterima 10 menit
sudah tunggu otp 30 menit sejak jam 10.30
kode otp 6 digit tidak muncul
otp: tidak masuk
password harus 8 karakter
password minimal 8 karakter kombinasi huruf dan angka
password 2x salah
password salah 5 kali lalu terkunci
password error kode 503
pas login error
pass jam 9 tutup
paspor saya hilang
paspor direktur asing apakah bisa dipakai
password: lupa
password: tidak bisa direset
Perihal: Lupa Password
masalah password: akun saya terkunci
pw saya gimana
passwordnya apa?
pw nya lupa
password saya expired
password saya dikirim ke email mana
passwordnya sudah saya ganti kemarin
apa password wifi lpse
password muter2 terus
lupa password user budi123
lupa password akun pokja01
mohon reset password user PTMAJU01
lupa password email budi99@gmail.com
lupa password akun dengan npwp 01.312.166.0-091.000
password akun PT Sinar Jaya tidak bisa
user sama password sudah benar tapi gagal
lupa id sama password sekaligus min
nama saya Sandi Kurniawan
saya Sandi dari CV Maju
pin lokasi kantor dimana
PIN saya lupa
password SPSE 4.5 error
login pass tidak bisa sejak 2024
kartu saya hilang
kartu kredit pemerintah bagaimana caranya
nik saya sudah terdaftar
NIK tidak ditemukan
no rekening 3171011708450001
va 8808123456789012
kode lelang 1234567890123456
https://spse.inaproc.id/batam/eproc4?id=12345678
lupa_password_2024.png
error_password.jpg
WhatsApp Image 2024-05-12 at 10.12.13.jpeg
IMG_20240512_101213.jpg
password ********
[password disamarkan]
""".strip().splitlines()

ORDINARY = """
halo min, mau tanya
selamat pagi pak, izin bertanya soal jadwal tender
gimana caranya daftar jadi penyedia baru
akun kami belum aktif juga padahal berkas sudah diserahkan 3 hari lalu
upload dokumen penawaran mentok di 90%
tutup jam 10.00 WIB hari ini, mohon segera dibantu
apendo tidak bisa konek ke server
muncul tulisan session expired terus
error 404 pas buka menu kualifikasi
halaman putih saja setelah login
captcha salah terus padahal sudah benar
email konfirmasi tidak masuk ke inbox maupun spam
email lama sudah tidak aktif, mau ganti ke info@cvmaju.co.id
direktur kami sudah ganti, akta no 12 tanggal 05-03-2024
alamat kantor pindah ke Jl. Sudirman No. 45 RT 03/RW 05 Batam 29432
NPWP perusahaan berubah jadi 16 digit, bagaimana cara update
NIB kami 9120001234567 tidak muncul di SIKaP
KBLI 41012 belum tampil di izin usaha
SBU kami BG002 sudah terbit
nilai pagu Rp 1.250.000.000,00
harga penawaran kami 987.654.321
kode RUP 51234567 tidak ditemukan
paket 9876543 masih nama ppk lama
tender 10098765000 sudah tahap evaluasi
nomor kontrak 027/SPK/DPUPR/2024
surat tugas nomor 800/1234/BKPSDM
SK PPK nomor 188.45/67/HK/2025
jadwal berubah dari 12 Mei 2024 menjadi 20 Mei 2024
aanwijzing 05/06/2024 pukul 09.00 s.d. 11.00
kontak kami 0778-462047 atau 0812 3456 7890
WA saya 081234567890 ya pak
saya Budi Santoso dari CV Maju Jaya
nama saya Rahma, PPK Dinas Kesehatan
kami dari PT Karya 99 mau ikut tender
CV Tiga 3 Saudara tidak bisa login
user id saya cvmaju88 terkunci
user id PTABADI2020 tidak dikenal
id perusahaan kami ada dua
username saya sudah dipakai orang lain
akun admin agency mau dipindah
roaming ke LPSE lain gagal terus
agregasi inaproc stuck di 50%
spamkodok minta update versi 2.1.5
file rhs 25MB tidak bisa dikirim
pakai windows11 dan chrome120 sama saja
laptop Asus X441U tidak bisa buka apendo
jaringan indihome 20mbps lancar
server down dari jam 8 pagi
antrian nomor A012 sudah dipanggil 3x
tiket LPSE-2611-00042-K belum dibalas
tiket saya sudah 2 minggu
sisa waktu sanggah 1 hari lagi
berapa lama masa sanggah
pokja belum menjawab pertanyaan kami
kenapa kami gugur padahal harga terendah
pemenang tender jalan lingkungan siapa
mau lapor pungli, saya dimintai Rp 500.000
reset akun bayar berapa
jam layanan lpse sampai jam berapa
hari sabtu buka tidak
bagaimana cara buat akun PPK
pejabat pengadaan baru SK tahun 2025
e-kontrak macet di langkah 4
BAST salah input tanggal 31/12/2024
katalog v6 produk ditolak
tkdn 40,5% sudah diisi
pembayaran LS belum bisa di katalog
toko daring masih ada gak min
survei kepuasan diisi di mana
hapus data saya dari sistem
data saya salah tolong diperbaiki
ini bot atau orang
sambungkan ke petugas dong
terima kasih banyak kak sudah dibantu
ok siap min, saya coba dulu
belum bisa juga, masih sama errornya
sudah bisa login, makasih
batal saja
kirim ulang link konfirmasi
screenshot error saya lampirkan
versi java berapa yang cocok
kode pos 29432
luas bangunan 1200 m2
100 orang mengalami hal yang sama
suhu server 45C katanya
""".strip().splitlines()

CARRIERS = (
    """
pw saya {}
password: {}
Password = {}
user: budi pass: {}
kata sandi akun saya adalah {} tolong dicek
ini passwordnya {}
sandinya {}
{} itu password saya
pasword sy {} min
login gagal padahal password {} sudah benar
PASSWORD:
{}
pwd nya {} ya kak
ganti password jadi {} malah error
u: budi p: {}
""".strip()
    .replace("PASSWORD:\n", "PASSWORD:|")
    .splitlines()
)

secrets = st.builds(
    lambda head, letter, digit, tail: head + letter + digit + tail,
    st.text(string.ascii_letters + string.digits, min_size=3, max_size=8),
    st.sampled_from(string.ascii_letters),
    st.sampled_from(string.digits),
    st.text(string.ascii_letters + string.digits + "!@#$%&*", min_size=2, max_size=8),
)


@pytest.mark.parametrize(("text", "shown"), MASKED)
def test_a_secret_is_masked_and_the_rest_is_kept(text: str, shown: str) -> None:
    assert mask(text).text == shown


@pytest.mark.parametrize(("text", "shown"), MASKED)
def test_masking_twice_changes_nothing(text: str, shown: str) -> None:
    again = mask(shown)
    assert (again.text, again.kinds, again.secrets) == (shown, (), ())


@pytest.mark.parametrize("text", KEPT)
def test_talk_about_secrets_and_other_numbers_stay(text: str) -> None:
    masked = mask(text)
    assert (masked.text, masked.kinds, masked.secret_follows) == (text, (), False)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_message_is_unchanged(text: str) -> None:
    masked = mask(text)
    assert (masked.text, masked.kinds, masked.secret_follows) == (text, (), False)


@given(secrets, st.sampled_from(CARRIERS))
@example("123aa0!!", CARRIERS[0])
def test_a_password_never_survives_its_sentence(secret: str, carrier: str) -> None:
    masked = mask(carrier.replace("|", "\n").replace("{}", secret))
    assert secret not in masked.text
    assert "password" in masked.kinds
    assert mask(masked.text).text == masked.text


@given(
    st.integers(0, 99_999_999),
    st.sampled_from(["otp {}", "kode otp saya: {}", "kode verifikasinya {} min", "{} itu otp nya"]),
)
def test_a_code_never_survives_its_sentence(number: int, carrier: str) -> None:
    code = f"{number:06d}"
    assert code not in mask(carrier.format(code)).text


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(" ".join(KEPT + ORDINARY).split())).map(" ".join)
)
def test_masking_any_text_twice_is_masking_it_once(text: str) -> None:
    once = mask(text)
    assert mask(once.text).text == once.text
    assert len(once.kinds) <= len(once.secrets)


def test_kinds_and_secrets_are_told_apart() -> None:
    masked = mask(f"nik {VALID_NIK} pw: Rahasia123")
    assert set(masked.kinds) == {"nik", "password"}
    assert set(masked.secrets) == {VALID_NIK, "Rahasia123"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VALID_NIK, "npwp"),
        ("3171 0117 0845 0001", "npwp"),
        ("01.234.567.8-901.234", "npwp"),
        ("081234567890", "phone"),
        ("+62 812-3456-7890", "phone"),
    ],
)
def test_a_value_of_the_field_being_asked_is_kept(text: str, expected: str) -> None:
    assert mask(text, expected=expected).text == text


def test_a_number_called_nik_is_masked_even_where_an_npwp_is_asked() -> None:
    assert mask(f"NIK {VALID_NIK}", expected="npwp").kinds == ("nik",)


@pytest.mark.parametrize(
    "text",
    [
        "password saya:",
        "pw nya",
        "ini passwordnya",
        "baik pak, berikut password",
        "password :",
        "User ID: budi\nPassword:",
        "kode otp nya:",
        "ini otp nya min",
        "nik saya:",
        "password akun saya",
    ],
)
def test_an_announced_secret_is_expected_next(text: str) -> None:
    masked = mask(text)
    assert (masked.text, masked.secret_follows) == (text, True)


@pytest.mark.parametrize(
    "text",
    [
        *("lupa password", "password", "saya lupa passwordnya", "passwordnya apa"),
        *("apa passwordnya?", "minta password baru", "kenapa password saya"),
        *("password: Rahasia123", "gagal ganti password"),
    ],
)
def test_nothing_is_expected_after_a_question_or_the_secret_itself(text: str) -> None:
    assert not mask(text).secret_follows


@pytest.mark.parametrize(
    "text", ["Rahasia123", "kucing", "kucing lari", "123456", "a1b2?", "Rahasia123 itu min tolong"]
)
def test_the_message_after_an_announcement_is_masked_whole(text: str) -> None:
    masked = mask(text, after_secret_prompt=True)
    assert (masked.text, masked.secrets) == (PASSWORD, (text,))


@pytest.mark.parametrize(
    "text",
    [
        *("batal", "Menu", "petugas", "/start", "ok", "1", "tidak jadi", PASSWORD),
        *("apa maksudnya?", "cara reset pw gimana", "saya lupa password"),
        "gagal upload dokumen penawaran terus min tolong",
    ],
)
def test_plain_talk_after_an_announcement_stays(text: str) -> None:
    assert mask(text, after_secret_prompt=True).text == text


def test_an_answer_to_the_form_after_an_announcement_stays() -> None:
    assert mask("0812 3456 7890", after_secret_prompt=True, expected="phone").kinds == ()


REAL = (
    "pw saya Rahasia123 min, nik 3171011708450001 dan otp 482913, hp 0812 3456 7890. Tolong ya.\n"
)


def _seconds(text: str) -> float:
    started = time.process_time()
    mask(text)
    return time.process_time() - started


def test_a_hundred_thousand_ordinary_characters_take_under_a_fifth_of_a_second() -> None:
    text = ("\n".join(ORDINARY) * 30)[:100_000]
    assert min(_seconds(text) for _ in range(3)) < 0.2


HOSTILE = (
    *("pw ", "pw-", "password:", "password: a", "sandi_", "u: b p", "nik/", PASSWORD, REAL),
    *("1", "1 ", "3171 ", "4111 1111 ", "otp 1 ", "0812 ", "kode ", "a", " ", "\n", "x@", "!"),
)


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_texts_are_masked_in_linear_time(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    assert min(_seconds(text) for _ in range(2)) < 1.0
