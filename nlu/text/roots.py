"""Verbs without what Indonesian puts before and behind them: "dikirimkan", "ngirimin", "kekirim".

Only verbs of the list, and only where the voice is all that changes: "ditolak", "terkunci"
and "keberatan" are topics of their own. First letters that fuse ("menulis") stay fused.
"""

from __future__ import annotations

from nlu.text.lexicon import words

ROOTS: frozenset[str] = words(
    """
    adukan agregasi ajukan akses aktifkan ambil antar baca bagi balas balik batal bawa bayar beli
    beri betulkan bikin buat buka cabut cari catat cetak coba daftar dekripsi download edit
    eskalasi evaluasi gabung ganti gugurkan hapus hilangkan hubungi hubungkan ikut input isi jadi
    jadwalkan jawab jelaskan jual kasih kembalikan kerjakan ketik kirim klik konfirmasi koreksi
    kosongkan lampirkan lanjut lapor lengkapi lihat matikan minta mulai mutasi naikkan
    nonaktifkan pakai pasang pegang pencet perbaiki perbarui periksa perpanjang pilih pindah
    proses reset respon revisi review sampaikan scan selesaikan serahkan setor setuju siapkan
    simpan submit suruh tambah tampilkan tanya tarik tawar tayangkan tekan temukan terbitkan
    terima teruskan tetapkan transfer tugaskan tulis tunjuk tutup ubah ulang umumkan undang undur
    upload urus usulkan verifikasi
    """
)
_BEFORE = ("di", "meng", "mem", "men", "me", "nge", "ng", "n", "m", "ke", "")
_BEFORE_CONSONANTS = ("mem", "men", "n", "m")
_VOWELS = tuple("aiueo")
_BEHIND = ("", "kan", "in", "i")


def root(word: str) -> str:
    """The verb that a word is a form of, "" for a root itself and for any other word."""
    for before in _BEFORE:
        rest = word[len(before) :]
        if not word.startswith(before) or (before in _BEFORE_CONSONANTS and rest[:1] in _VOWELS):
            continue
        for behind in _BEHIND:
            stem = rest[: len(rest) - len(behind)] if rest.endswith(behind) else ""
            for verb in (stem, f"{stem}kan" if behind == "in" else stem):
                if verb in ROOTS and verb != word:
                    return verb
    return ""
