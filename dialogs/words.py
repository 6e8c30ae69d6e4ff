"""Words of ordinary helpdesk talk, to tell them from secrets, names and firms.

A word here is no evidence for anything; words that are also given names or usual
parts of firm names (bagus, indah, jaya, maju) are left out on purpose.
"""

from __future__ import annotations

import re


def word_set(text: str) -> frozenset[str]:
    """The words of a table, kept as prose so that it can be read."""
    return frozenset(text.split())


HONORIFICS = word_set(
    """
    min mimin admin kak kakak ka gan sis bro pak pa bapak bpk bu ibu mas mba mbak bang bli
    om tante dik dek petugas helpdesk bapak/ibu pak/bu
    """
)
GREETINGS = word_set(
    """
    halo hallo hai hi hello hei p ping tes test permisi punten assalamualaikum
    assalamu'alaikum asslm ass aslm alaikum wr wb waalaikumsalam salam selamat met pagi
    siang sore malam mlm sejahtera om swastyastu shalom namaste
    """
)
POLITE = word_set(
    """
    tolong tlg mohon mhn minta maaf mf sorry terima kasih makasih trims thanks thx tks suwun
    nuhun matur ya yah y ok oke okey okay sip baik siap dong donk deh nih sih izin ijin
    bantu bantuan bantuannya dibantu berkenan kiranya silakan silahkan sebelumnya segera
    ditunggu perhatiannya kerjasamanya pencerahan pencerahannya arahan arahannya
    """
)
PRONOUNS = word_set(
    """
    saya sy sya aku ak aq gw gue gua kami kita km kamu anda dia beliau mereka nya ku mu
    """
)
FUNCTION = word_set(
    """
    yang yg dan dgn dengan di ke dari dr untuk utk buat pada pd oleh dalam dlm atau atw ato
    tapi tp tetapi namun karena krn karna kalau klo kalo jika bila agar supaya biar bahwa
    sebagai sbg selaku adalah yaitu yakni ialah ini itu tsb tersebut sini situ sana juga jg
    jugak lagi lg masih msh sudah sdh udah udh dah telah tlh belum blm belom akan mau mo
    ingin pengen pingin hendak harus hrs wajib perlu bisa bs dapat dpt boleh bole jangan jgn
    tidak tdk tak ga gak gk g nggak ngga ngg nda ndak ora teu bukan bkn tanpa hanya cuma cm
    saja aja aj pun kah lah kok ko kan sih dulu dl tadi td nanti ntar sekarang skrg skg
    kemarin kmrn besok bsk lusa hari jam menit mnt detik minggu bulan tahun thn tgl tanggal
    waktu saat ketika pas sejak selama sampai sampe hingga sblm sebelum sesudah setelah stlh
    terus trus trs lalu kemudian jadi jd menjadi sama sm antara tentang soal mengenai
    terkait seperti kayak kayaknya spt sepertinya katanya kata ternyata padahal pdhl malah
    bahkan apalagi justru mungkin pasti memang emang sangat sekali skali banget bgt terlalu
    lebih kurang paling semua smua seluruh setiap tiap beberapa banyak bnyk sedikit dikit
    lain lainnya sendiri sama-sama ada adanya gaada gabisa gausah satu dua tiga empat lima
    enam tujuh delapan sembilan sepuluh pertama kedua ketiga kali rb ribu juta jt persen
    orang org via per lewat hal begini begitu gitu gini maka oh ooh eh ah wah aduh duh hmm
    """
)
QUESTIONS = word_set(
    """
    apa ap apakah siapa sapa kapan kpn dimana dmn mana kemana darimana kenapa knp mengapa
    bagaimana bgmn gimana gmn gmna gmana berapa brp piye pie kumaha kepiye carane opo ngapa
    napa kudu gimanaya
    """
)
STATUS = word_set(
    """
    lupa lali hilap lp lupanya salah slh keliru error eror erorr gagal ggl hilang ilang
    invalid valid expired expire kadaluarsa kadaluwarsa kedaluwarsa terkunci kekunci
    terblokir diblokir ditolak tertolak rusak macet bermasalah masalah kendala kesulitan
    susah sulit ribet bingung bener benar betul berhasil sukses reset direset mereset ganti
    diganti mengganti gnti ubah diubah mengubah berubah minta meminta diminta mohon tolong
    tidak tdk gak ga gk nggak ngga belum blm sudah sdh udah udh harus wajib bisa mau ingin
    bagaimana gimana gmn apa kenapa knp kok kosong dikosongkan minimal maksimal kurang
    terlalu lemah muncul aktif nonaktif beda sama yang yg lihat liat cek dicek masih
    menunggu dikirim terkirim masuk sesuai cocok diketahui ditanyakan dirahasiakan
    rahasiakan sering selalu terus bukan tanpa
    """
)
DOMAIN = word_set(
    """
    lpse spse sirup sikap inaproc lkpp ukpbj bpbj ulp apendo spamkodok authenticator
    autentikator privy oss ahu djp coretax katalog ekatalog e-katalog etalase toko daring
    tokodaring online offline tender lelang nontender non seleksi paket pakt pengadaan
    langsung pl penunjukan swakelola pencatatan kontrak e-kontrak ekontrak spk sppbj bast
    adendum addendum dokumen dok dokumennya berkas berkasnya file filenya lampiran penawaran
    kualifikasi evaluasi sanggah sanggahan banding jadwal jadwalnya tahap aanwijzing
    penjelasan pembuktian pemenang menang kalah gugur peserta penyedia rekanan vendor
    kontraktor supplier pengguna user username userid id uid ppk pokja pp kpa panitia
    pejabat auditor apip agency verifikator verif operator bendahara direktur dirut
    komisaris pimpinan staf staff karyawan pegawai asn pns instansi perusahaan perusahaannya
    usaha badan cv pt ud dinas kantor kantornya satker opd skpd kementerian lembaga pemda
    pemkab pemkot pemprov kelurahan kecamatan kabupaten kab kota provinsi prov daerah pusat
    cabang akun account akunnya email imel e-mail emailnya surel gmail yahoo hotmail outlook
    login log logout masuk msk daftar mendaftar pendaftaran registrasi aktivasi aktifasi
    aktifkan verifikasi diverifikasi agregasi adp roaming sinkron sinkronisasi integrasi
    data datanya npwp nib nik ktp siup sbu sk kbli kswp pkp akta sertifikat jaminan kode
    kodenya otp totp 2fa pin token password passwordnya pass pw pwd passphrase security code
    nomor no nomer nmr hp wa whatsapp telp telepon tlp telegram sms chat link tautan url web
    website situs halaman browser chrome firefox edge safari mozilla windows android iphone
    ios samsung oppo vivo xiaomi laptop komputer pc printer server servernya jaringan
    internet koneksi sinyal sistem aplikasi apk aplikasinya menu tombol tombolnya klik
    tampilan layar captcha cache cookie session loading lemot lambat down maintenance
    gangguan blacklist hitam sanksi kso hps pagu rup sbd kak rab bq dipa dpa apbd apbn
    anggaran ppmse umkm umk tkdn pdn bpk kkn wbs pungli pengaduan aduan laporan tiket
    tiketnya antrian antrean formulir form konsultasi layanan pelayanan survei survey
    privasi pribadi bot robot manusia ktpnya pengumuman undangan kadaster nilai harga uang
    rupiah rp bayar biaya gratis
    """
)
ACTIONS = word_set(
    """
    tanya bertanya nanya menanyakan tanyakan lapor melapor melaporkan sampaikan menyampaikan
    ajukan mengajukan konfirmasi dikonfirmasi cari mencari nyari bikin buat membuat dibuat
    dibikin pembuatan ambil mengambil antar kirim mengirim ngirim kirimkan upload aplod
    unggah mengunggah diupload unduh download mengunduh buka membuka dibuka kebuka nutup
    tutup ditutup tutupnya isi mengisi diisi ngisi input diinput menginput ketik mengetik
    ketikan pilih memilih simpan menyimpan disimpan hapus menghapus dihapus tambah nambah
    menambah ditambah edit mengedit revisi perbaiki memperbaiki benerin perbarui memperbarui
    update pindah memindahkan batal batalkan membatalkan ikut mengikuti ngikut coba mencoba
    nyoba dicoba cobain pakai pake memakai dipakai dipake gunakan menggunakan digunakan
    kasih kasi memberi beri dapat dapet mendapat terima menerima diterima tunggu nunggu
    menunggu ditunggu balas dibalas jawab dijawab hubungi dihubungi menghubungi hubungkan
    bicara ngomong telpon datang dateng lihat melihat liat ngeliat baca membaca tahu tau
    mengetahui paham mengerti ngerti bantu membantu dibantu kerja bekerja jalan berjalan
    tampil keluar keluarnya lanjut lanjutkan kembali balik ulang mengulang diulang mulai
    selesai beres proses diproses memproses ditolak tolak setuju disetujui approve diapprove
    terdaftar mengakses akses diakses menang beli jual usul masukkan masukin memasukkan
    pasang install instal uninstall scan foto screenshot lampirkan dilampirkan kendala
    terkendala mengalami alami ngalamin sedang lagi setting set tetap ttp kena kehilangan
    merasa ketahuan kebetulan penasaran kecewa marah bosan capek takut khawatir curiga yakin
    butuh membutuhkan diundang diminta disuruh diarahkan dikasih dikirim dikirimkan diganti
    tertarik ketinggalan telat terlambat kesulitan nyasar gaptek awam pemula nemu ketemu
    stuck mentok muter tertulis tulisannya pulang libur sakit cuti rapat utamakan dahulukan
    percepat dipercepat lama lamanya baru barusan terbaru lagi-lagi awal akhir terakhir
    penting urgent mendesak darurat pagi-pagi serius nyata resmi langsung cepat otomatis
    manual lengkap lengkapnya cukup jelas detail sering selalu kadang biasa biasanya bekas
    bebas hidup mati nyala karakter huruf angka digit besar kecil kapital simbol kombinasi
    panjang pendek sementara default cara caranya syarat syaratnya alasan solusi solusinya
    informasi info contoh format isinya nama namanya alamat alamatnya tempat lokasi gambar
    logo tanda tangan ttd cap stempel materai kertas asli salinan fotokopi depan belakang
    atas bawah kiri kanan berikut berikutnya selanjutnya keterangan catatan perihal subjek
    disini disitu pengalaman pajak bank rekening perubahan perpanjangan persetujuan
    permintaan permohonan pertanyaan jawaban jawabannya hasil hasilnya kesalahan kegagalan
    recovery verifikasinya loginnya ajak mampir numpang curhat nih cuman doang hanya percuma
    """
)
TALK = word_set(
    """
    acuan adukan ahli aman aneh anggota asuransi atk audit barang batas bawa bela belanja
    bentuk berantakan berlaku bilang bookmark bsre bukti buku cabut cadangan call center
    closed corrupt curang dekripsi enkripsi delegasi diangkat diatur dibawa dibentuk
    dieskalasi eskalasi digital dilantik dini dipanggil dipublikasikan direksi diserahkan
    ditandatangani ditarik ditayangkan ditemukan ketemu diumumkan diundur dobel ganda
    dua-duanya domain draft dukung duplikasi elektronik fisik found habis hak hitung
    identitas indikasi inget ingat insert inspektorat internal istirahat jabatan janji jarak
    jasa jauh jelek kategori keamanan kebocoran kecepetan kelengkapan kepuasan kesehatan
    kewenangan kolom konek konstruksi kontak kritik kuasa kuitansi kunci lancar lapangan
    listrik lokal luar lulus main maksud maksudnya masa metode mutasi narik ngaco nyambung
    nyampe on off pengajuan pengiriman pengurus peninjauan pensiun penyelesaian perjanjian
    pernah perorangan pesanan pinjaman popup produk profil protes proyek puas publik pulsa
    punya putus ralat realisasi reload ruang saran sekaligus serah serahin sisa skala spam
    spesifikasi status support surat suspend tamu tarif tarik tayang teknis tengah tercatat
    tetep transaksi tts tugas turun uji ukuran umumkan undang versi video wib wita wit zoom
    alesan bermasalah sebenarnya sebetulnya sudahkah terbaik akhirnya ujung mendadak
    tiba-tiba tadinya berkali-kali bolak-balik mulu melulu doank nihil kelar makin semakin
    tambah bentar sebentar sbntr moga semoga berdua barengan bareng sesuatu seseorang
    orangnya atasan bos teman tim anak suami istri umum warga masyarakat mahasiswa wartawan
    lsm pelaku pelapor mantan pengganti pengurusan jenis macam bagian seksi bidang kelompok
    subbag unit kepala kabag kasubag sekretaris pembayaran pembelian kebijakan
    aturan peraturan undang-undang pasal hukum perpres alur prosedur langkah tutorial
    panduan pedoman kolaborasi lemburan malem siangan subuh tengah-tengah apk aplikasi
    beranda dashboard inbox kotak folder drive usb hdd ram memori kuota wifi modem vpn proxy
    ip dns port html pdf excel word jpg jpeg png zip rar exe link qr barcode scanner kamera
    dicekin ngecek mengecek cekin dicekkan ceknya hpnya tahapan isian isikan adakah sikapnya
    rekan teman hormat apanya bisanya sudahlah hapusin urusin ngurus urus mengurus
    """
)
MONTHS = word_set(
    """
    januari februari maret april mei juni juli agustus september oktober november desember
    jan feb mar apr jun jul agu ags sep sept okt nov des senin selasa rabu kamis jumat sabtu
    ahad
    """
)
ORDINARY = HONORIFICS.union(
    GREETINGS, POLITE, PRONOUNS, FUNCTION, QUESTIONS, STATUS, DOMAIN, ACTIONS, TALK, MONTHS
)

NAMES_TOO = word_set("hari april mei juni juli agustus ahad kasih adil")
"""Ordinary words that are also given names: alone, they may answer "Nama?"."""

_LENGTHENED = re.compile(r"([a-z])\1{2,}")
_TAIL = re.compile(r"(?:nya|ny|kah|lah|pun|ku|mu|in|an|kan|i|e|x)$")
_HEAD = re.compile(r"^(?:di|ke|se|ter|ber|me(?:ng|ny|m|n)?|pe(?:ng|ny|m|n)?|ng|ny|n)")
_SPLIT = re.compile(r"[-/&+'.,()]+")


def is_ordinary(word: str) -> bool:
    """Whether a word (as typed) is ordinary helpdesk talk: slips of length ("lupaaa"),
    reduplication ("muter2"), affixes ("loginnya", "dipakein") and pairs ("dan/atau") count."""
    word = word.casefold().strip("*_~.,;:!?()[]\"'…")
    if word in ORDINARY:
        return True
    if len(word) > 60:
        return False
    parts = [p for p in _SPLIT.split(word) if p]
    if len(parts) > 1:
        return all(is_ordinary(p) for p in parts)
    word = _LENGTHENED.sub(r"\1", word)
    if len(word) > 3 and word.endswith("2"):
        word = word[:-1]
    tailless = _TAIL.sub("", word)
    stems = (word, tailless, _HEAD.sub("", word), _HEAD.sub("", tailless))
    return any(len(s) > (3 if s != word else 0) and s in ORDINARY for s in stems)
