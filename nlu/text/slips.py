"""Finds the domain word that a mistyped word was meant to be; pure, small, careful.

The idea is SymSpell's (Wolf Garbe, 2012): words that lie close together share what is left
when letters are deleted. Only words of this domain are ever put in, and never for a word
that is known: a wrong correction costs more than a slip, which letter groups survive.
"""

from __future__ import annotations

from functools import lru_cache

from nlu.text.lexicon import words

SHORTEST, LONGEST = 5, 24
"""Letters of a word that is looked up; shorter slips stand in the lexicon."""
FAR = 9
"""Letters from which a word may be two slips away."""
FEWEST_BONES = 4
"""Consonants that tell one word from all others."""

TERMS: frozenset[str] = words(
    """
    aanwijzing adendum administrasi agregasi aktivasi alamat anggaran anggota antrian apendo
    aplikasi auditor autentikator authenticator bagaimana banding belum bendahara berakhir
    berkas berlaku bersyarat berubah blokir cabang catatan coretax daftar daftarkan data
    dekripsi dibatalkan diblokir didaftarkan digugurkan dihapus dikirim dipakai diperbaiki
    diperiksa diperpanjang direktur disetujui ditandatangani ditayangkan ditolak ditutup diubah
    diumumkan diundang diundur diverifikasi dokumen domain download duplikasi ekontrak
    elektronik email error eskalasi evaluasi formulir gagal gangguan gugur halaman helpdesk
    hilang identitas inaproc informasi inspektorat instansi integrasi jadwal jaminan jawaban
    kabupaten kantor katalog kategori keberatan kecamatan kecurangan kedaluwarsa kegiatan
    kelengkapan kemarin kembali kementerian kenapa kendala kepanitiaan kesalahan keterangan
    kewenangan klarifikasi komitmen komputer koneksi konfirmasi konstruksi konsultan konsultasi
    kontrak kontraktor koreksi kualifikasi kuesioner lampiran langsung laporan login lupa
    masalah masukan masyarakat membatalkan memperbaiki memperpanjang memverifikasi menampilkan
    menandatangani menayangkan mendaftar mendaftarkan mengajukan mengaktifkan mengganti
    menghapus mengirim mengisi mengubah mengumumkan mengundurkan mengunggah menunggu menyanggah
    menyetujui meterai negosiasi nontender notaris notifikasi otomatis paket panitia password
    pejabat pekerjaan pelaksanaan pelaporan pelayanan pemasukan pembatalan pembayaran
    pemberitahuan pembukaan pembuktian pemeliharaan pemenang pemeriksaan pemerintah pemilihan
    pemilik penandatanganan penawaran penayangan pencatatan pendaftaran penetapan pengadaan
    pengaduan pengajuan penggantian pengguna penghapusan pengumuman pengurus penilaian
    penjelasan penolakan penunjukan penutupan penyanggah penyedia perbaikan permasalahan
    permintaan permohonan pernyataan perorangan perpanjangan persetujuan persyaratan pertanyaan
    perubahan perusahaan pesanan peserta petugas pindah pribadi produk profil prosedur provinsi
    purchasing reaktivasi realisasi registrasi rekening roaming sanggah sanggahan sanksi satker
    sebelum sekarang sekretariat seleksi selesai sertifikat server sesuai setelah sinkron
    sinkronisasi sistem spamkodok spesifikasi status survei swakelola syarat tampilan tanggal
    tautan telepon tender terdaftar terkirim terkunci tertutup terundang terverifikasi tidak
    token transaksi undangan unggah upload userid verifikasi verifikator website whatsapp
    """
)
NOT_SLIPS: frozenset[str] = words(
    """
    anggara anggarkan bandang bandeng bandung banking banting bekas beras berkah berkala berkali
    berkat berlalu bernas bersurat bertanda binding bonding branding cadang cadangan canang
    catatkan datar deskripsi dibacakan dibatasi dikatakan dikirimi dipindai disertai dituangkan
    duplikat elektrik elektron elektronika elektronis evakuasi halang hidang informal informan
    integral interaksi iterasi jaminkan kacamata keamanan kekalahan kekurangan kelamaan kelapa
    keliatan kelihatan keluaran kemari kemasan kembalikan kemenangan kendal kendali kendara
    kerajaan keuangan kewalahan klasifikasi komputasi komuter konsolasi konstan konsulat
    konsultansi kontak kontraksi kontras konveksi lampirkan langkung langsing laporkan majalah
    majukan makalah masakan masukin masukkan memajukan membatasi memundurkan menanti mengadukan
    mengenai mengurangi menuangkan menunggak menyangkal meteran musyarakat musyawarah pasangan
    pedoman pegadaian pegawai pekerja pelaksana pelapor pelopor pembatasan pembuka pemegang
    pemeriksa pemerintahan pemetaan pemilih pemulihan pemutihan penandatangan penasaran penawar
    pendaftar pendapatan penegasan penerapan penerbitan penetap pengadilan pengajian pengaju
    pengalaman pengantin pengaruh pengganti penggunaan penilai penjabat penunjuk penyatuan
    penyerahan perbaiki perbatasan perbuatan pergantian perintah perlahan pertahanan pertanahan
    pertanian perumahan pesawaran piadah pilihan pindai profit provisi realitas saksi sanggar
    sanggau sanggup sangsi sarat sebelah sebelas sekretaris semarang sertifikasi setelan siarat
    singgah sister statis stratus syariat syarikat tampilkan tangga tanggap tanggul tendang
    tertunda terulang tinggal transisi translasi tunggal unggal unggas unggul
    """
)


def corrected(word: str) -> str:
    """The one domain word that lies nearest to an unknown word, "" if none does for sure."""
    if not SHORTEST <= len(word) <= LONGEST or word in NOT_SLIPS or not word.isalpha():
        return ""
    index = _index()
    near = {term for key in (word, *_shortened(word)) for term in index.get(key, ())}
    ranked = sorted((distance(word, term), term) for term in near if _begins_alike(word, term))
    ranked = [(far, term) for far, term in ranked if far <= _limit(term)]
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return ""
    return ranked[0][1]


def unvowelled(word: str) -> str:
    """The one domain word of which only vowels were left out ("vrfksi"), "" if there is none."""
    bones = _bones(word)
    if len(bones) < FEWEST_BONES or word in NOT_SLIPS or not word.isalpha():
        return ""
    found = [term for term in _skeletons().get(bones, ()) if _is_in_order(word, term)]
    return found[0] if len(found) == 1 else ""


def _limit(term: str) -> int:
    return 2 if len(term) >= FAR else 1


def _begins_alike(word: str, term: str) -> bool:
    return word[0] == term[0] or word[:2] == term[1::-1]


def _shortened(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


@lru_cache(maxsize=1)
def _index() -> dict[str, list[str]]:
    """Every term of six letters and more under itself and under what deletions leave of it."""
    index: dict[str, list[str]] = {}
    for term in TERMS:
        if len(term) <= SHORTEST:
            continue
        keys = {term} | _shortened(term)
        if len(term) >= FAR:
            keys |= {key for shorter in keys for key in _shortened(shorter)}
        for key in keys:
            index.setdefault(key, []).append(term)
    return index


def _bones(word: str) -> str:
    return "".join(letter for letter in word if letter not in "aiueo")


def _is_in_order(letters: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in letters)


@lru_cache(maxsize=1)
def _skeletons() -> dict[str, list[str]]:
    skeletons: dict[str, list[str]] = {}
    for term in TERMS:
        skeletons.setdefault(_bones(term), []).append(term)
    return skeletons


def distance(a: str, b: str) -> int:
    """Slips between two words: a letter more, less, other, or two neighbours swapped."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        above, row, before_above = row, [i], before
        for j, other in enumerate(b, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before_above[j - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]
