"""Words written apart that mean one, and words written together that are two."""

from __future__ import annotations

from nlu.text.lexicon import words

# Several words that mean one, looked for after each word has its usual spelling.
PHRASES: dict[str, str] = {
    "kata password": "password",
    "kata kunci": "password",
    "password word": "password",
    "surat elektronik": "email",
    "e mail": "email",
    "log in": "login",
    "sign in": "login",
    "user id": "userid",
    "id user": "userid",
    "id pengguna": "userid",
    "nama pengguna": "userid",
    "user nama": "userid",
    "e katalog": "katalog",
    "e catalog": "katalog",
    "katalog elektronik": "katalog",
    "e kontrak": "ekontrak",
    "kontrak elektronik": "ekontrak",
    "e proc": "spse",
    "ina proc": "inaproc",
    "si kap": "sikap",
    "si rup": "sirup",
    "spam kodok": "spamkodok",
    "black list": "daftar hitam",
    "blacklist": "daftar hitam",
    "up load": "upload",
    "terima kasih you": "terima kasih",
    "matur terima kasih": "terima kasih",
    "hatur terima kasih": "terima kasih",
    "terimo kasih": "terima kasih",
    "macam mana": "bagaimana",
    "versi 5": "v5",
    "versi 6": "v6",
    "versi lima": "v5",
    "versi enam": "v6",
    "v 5": "v5",
    "v 6": "v6",
    "nang mana": "di mana",
    "tanda tangan": "ttd",
    "tidak belum": "belum",
    "tidak yet": "belum",
    "tidak sudah": "belum",
    "do tidak": "tidak",
    "does tidak": "tidak",
    "did tidak": "tidak",
    "joint operation": "kso",
    "kerja sama operasi": "kso",
    "batas waktu waktu": "batas waktu",
}

# "gabisa", "gakmasuk", "blmmuncul": a word of state written together with its verb.
FUSED_HEADS: dict[str, str] = {
    spelling: form
    for form, spellings in {
        "tidak": "nggak ngga ndak tidak kagak gak tdk tak ga gk",
        "belum": "belum belom blm blum",
        "sudah": "sudah udah sdh udh",
    }.items()
    for spelling in spellings.split()
}
FUSED_VERBS: frozenset[str] = words(
    "bisa bs ada mau tau tahu masuk muncul jelas usah jadi kebuka dapat dapet boleh perlu ngerti"
    " paham sesuai aktif valid respon direspon sama jalan nyambung konek kekirim keluar pernah"
    " terkirim terbaca keupload kebaca daftar login dibalas upload selesai"
)
# "lupapassword", "loginspse": two of these written together are two words.
PIECES: frozenset[str] = words(
    "lupa ganti reset daftar login masuk password pasword sandi email imel akun user userid spse"
    " lpse sikap sirup inaproc apendo spamkodok katalog ekatalog tender lelang paket gagal error"
    " eror tidak belum sudah bisa upload aplod unggah download unduh data admin cara jadwal kode"
    " dokumen berkas server verifikasi aktivasi penyedia penawaran sanggah npwp perusahaan vendor"
    " lewat hilang muncul kirim ubah hapus cepat blokir terblokir minta tolong bantu baru mau"
)
