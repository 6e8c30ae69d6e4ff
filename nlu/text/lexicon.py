"""What people write, and the word it stands for: the tables of the normaliser.

Slips and abbreviations are in here; dialects and English in ``nlu.text.dialects``.

Every key is lower case. Domain short forms that look like chat slang (pp = Pejabat
Pengadaan, pa = Pengguna Anggaran, pl = pengadaan langsung, pas = when) are in none of
these tables: ``KEEP`` names them, so that no rule touches them.
"""

from __future__ import annotations

from nlu.text.dialects import DIALECTS, ENGLISH


def words(text: str) -> frozenset[str]:
    """A table written as a sentence."""
    return frozenset(text.split())


KEEP: frozenset[str] = words(
    "pp pa pl pw ttd pas npwp nib nik ppk kpa rup hps spt sbu siujk siup kso tkdn pdn pkp"
    " cv pt ud tbk adp oss lkpp lpse spse apip ukpbj inaproc totp otp vai ssl css iii"
    " many any money ceremony tony full install access staff call off ba bast pho fho sk tte ppe"
    " dpa rka kbli ldp wbs skm apbd apbn opd skpd sop uu pmk"
)

# Words in -nya that are words of their own.
NYA_WORDS: frozenset[str] = words(
    "tanya bertanya nanya hanya punya mempunyai penanya ditanya nyanya sepunya"
)

# one form -> every spelling of it
_SPELLINGS: dict[str, str] = {
    "tidak": "ga gak gk g tdk tida tdak tidk ngga nggak ngg engga enggak enggk gag gakk ngak"
    " nda ndak ndk ora mboten henteu teu indak kada nggk kagak kaga kgk gaak tidaak moal tak",
    "tidak bisa": "gabs gkbs gakbs gaiso rabiso oraiso gbs tdkbs takbisa",
    "tidak ada": "gada gaono raono",
    "jangan": "jgn jgan jangn jngan ojo ulah",
    "bukan": "bkn bukn bkan dudu sanes",
    "belum": "blm blum belom blom bloom belm durung dereng acan alun balum balun",
    "sudah": "sdh udh udah dah sudh suda sdah udha uda dh wes wis sampun atos enggeus tos alah"
    " sdhh udeh",
    "bagaimana": "gimana gmn gmna gmana gimna gimn gimanah bgmn bgmna bgaimana bagaimna bagaiman"
    " bagimana begimana gmnaa gmnya gimanain piye pie pye pripun kumaha kumha baa bagaimanakah"
    " gimane cemana camano",
    "kenapa": "knp knapa knpa kenpa knape ngapa napa mengapa ngopo kunaon naha manga kanapa"
    " kenapakah",
    "apa": "ap opo naon apo apakah apkah",
    "siapa": "sapa sopo saha siapo",
    "di mana": "dimana dmn dmna dmana nangdi nengendi dimano dimn",
    "ke mana": "kemana kmn kmna kmana kamana kamano",
    "dari mana": "darimana drmn drmana",
    "kapan": "kpn kapn iraha kapankah",
    "berapa": "brp brapa brpa piro sabaraha barapa bara",
    "bisa": "bs bsa bisakah biso iso saget tiasa bisaa kawa isok",
    "dapat": "dpt dapet dpat dapek",
    "boleh": "blh bleh bolehkah",
    "harus": "hrus hrs kudu mesti musti",
    "perlu": "prlu butuh",
    "mau": "mw mo pengen pengin pgn ingin hendak hoyong kepengen nak",
    "minta": "mnta mnt mintak nyuwun",
    "tolong": "tlg tlong tolg tulung plis pls please plz tulungi",
    "mohon": "mhn mohn mhon",
    "bantu": "bntu bantuin dibantu bantuannya bantuan dibantuin bantuanya mbantu",
    "terima kasih": "makasih makasi mksh mkasih trims trimakasih terimakasih trmksh tks thx thanks"
    " thank thankyou tengkyu tq ty suwun nuhun trimks makasiih trmakasih makaci mksi"
    " terimaksih terimakasi",
    "saya": "sy aku ak gw gue gua gwe sya saia ane kulo kula aing urang awak ambo ulun awk syaa",
    "kami": "kmi",
    "kita": "kta kito",
    "anda": "agan sampeyan panjenengan",
    "yang": "yg yng sing nu nan",
    "dengan": "dgn dg dngn sareng",
    "untuk": "utk utuk untk bwt kanggo kangge",
    "dari": "dr dri",
    "dan": "dn",
    "atau": "ato atw ataw utawa",
    "karena": "krn krna karna soale soalnya lantaran",
    "kalau": "kalo klo kl klu kalu lek nek lamun jika jikalau apabila bila",
    "tetapi": "tp tapi tpi namun ning",
    "tetap": "ttp tetep tetp ttep",
    "masih": "msh mash msih isih keneh",
    "sama": "sm ama sma",
    "juga": "jg jga ugo oge",
    "saja": "aja aj ae wae sajo doang",
    "lagi": "lg lgi lgii deui maneh",
    "terus": "trs trus truss",
    "sekarang": "skrg skrang skr skg sekrang saiki ayeuna kini kiniko",
    "tadi": "td tdi",
    "kemarin": "kmrn kmren kemaren kmarin kmaren wingi kamari",
    "besok": "bsk besuk isuk enjing",
    "hari": "hr hri",
    "jam": "jm",
    "ini": "ni nih iki ieu iko nie",
    "itu": "tuh kuwi iku eta tuu",
    "begini": "gini bgini ngene",
    "begitu": "gitu gtu bgitu ngono kitu",
    "seperti": "sprti kaya kayak kyk kek koyo siga",
    "dalam": "dlm",
    "sebelum": "sblm sblum sebelom",
    "setelah": "stlh stelah sesudah stelh",
    "sampai": "smp sampe smpe ampe nyampe nepi",
    "semua": "smua smw semuanya kabeh sadaya sado",
    "banyak": "bnyk byk akeh",
    "lama": "lm lma lamo suwe",
    "baru": "br bru anyar",
    "cara": "cra caranya caranyaa carane",
    "jadi": "jd jdi dadi",
    "orang": "org",
    "hubungi": "hub hubungin",
    "nomor": "no nmr nomer nmor nomornya",
    "lihat": "liat lht ngeliat nengok ningali",
    "tahu": "tau thu ngerti",
    "tanya": "nanya tny nany takon naros bertanya menanyakan",
    "lupa": "lp lupo lali hilap poho kelupaan lupaa lpa klupaan lpua",
    "ganti": "gnti ngganti gantos",
    "hilang": "ilang hlang kaleungitan",
    "masuk": "msk msuk mlebu masuak asup masuknya lebet maasuk masuuk",
    "keluar": "klr kluar metu kaluar",
    "muncul": "mncul muncull nongol metungul",
    "kirim": "krm kirm ngirim",
    "daftar": "dftar daptar ndaftar ngedaftar",
    "pendaftaran": "pndaftaran pendaptaran",
    "registrasi": "regis registrsi regristrasi registasi regist",
    "gagal": "ggl gagl ggal gaagl",
    "error": "eror erorr eor errror errr erro err galat",
    "password": "pasword pasowrd pasrod passwod paswod paswrd passwrd passwor pswd psword passord"
    " pswrd passwd pass pasw katasandi sandi sandinya passowrd passwordd paswort",
    "upload": "aplod uplod aplot uplot aplut uplood apload aplud upld uploud aploud unggah"
    " mengunggah unggahan diunggah mengupload ngupload upluod",
    "download": "donlot donlod donwload dowload downlod dwnld unduh mengunduh donload mendownload"
    " ndownload didownload diunduh",
    "email": "imel imail emal emel emai surel e-mail gmail imil emial emaill emali",
    "login": "log-in logon signin sign-in sigin lgin logn loginn loign lgoin logim lohin",
    "verifikasi": "ferifikasi verifikasii veripikasi verif verfikasi verivikasi varifikasi",
    "verifikator": "ferifikator verifikatornya",
    "aktivasi": "aktifasi aktipasi aktivsi aktivasinya aktifkan mengaktifkan diaktifkan",
    "aktif": "aktip aktiv aktf",
    "aplikasi": "apk app apps aplkasi aplikasinya apliksi",
    "dokumen": "dok doc dokumn dokument dokumennya dokuman dokumenn",
    "berkas": "brkas file files filenya",
    "penyedia": "penyedi penyedianya pnyedia penyadia vendor rekanan supplier",
    "penawaran": "pnwaran penwaran penawarannya pnawaran",
    "perusahaan": "prusahaan perushaan perusahan prshaan persh perusahaannya pershn",
    "pengadaan": "pngadaan pengadan",
    "tender": "lelang lelangan pelelangan tendernya tndr",
    "jadwal": "jdwal jadual jadwalnya skedul",
    "sertifikat": "sertipikat sertifkat srtifikat sertfikat",
    "sanggah": "sanggahan menyanggah sangga disanggah snggah sngah sngh",
    "aanwijzing": "anwijzing aanwizing anwizing anwijing aanwijing anwesing anwejing"
    " aanwjzing anweizing",
    "server": "serper serverr peladen",
    "akun": "akunn account acount akunt accoun akunku akn aukn",
    "userid": "uid username usernam usrid iduser",
    "petugas": "ptugas",
    "admin": "min mimin atmin adm minn admn",
    "kak": "kakak kk kaka kakk",
    "pak": "bapak bpk bapa pk",
    "bu": "ibu ibuk buk bund bunda",
    "selamat": "slmt met slamat",
    "halo": "hallo helo hello hai hay hi hei hey haii hy alo haloo hola",
    "assalamualaikum": "assalamu'alaikum asalamualaikum ass aslm assalamu askum asslmkm aslmkm"
    " assalamualaikm samlekum assalammualaikum assalamualaikumm",
    "permisi": "prmisi misi punten",
    "maaf": "maf mf maap sori sorry mapp sry hapunten ngapunten nyuwunsewu",
    "ya": "iya y iyaa ia iyah yaa yah yap yup yoi yes yess nggih inggih njih enggih iyo yo ho'oh"
    " yups iyes",
    "oke": "ok okey okay okeh oks okee sip siip okelah okedeh siap baik baiklah okai",
    "katalog": "ekatalog e-katalog catalog catalogue ekatalok katalok e-catalog ecatalog katalogue"
    " e-catalogue",
    "ekontrak": "e-kontrak ekontrk e-contract econtract",
    "inaproc": "inaprok inapro inaproct inaprog inapork innaproc",
    "sikap": "vms sikp skiap",
    "sirup": "sirub sirrup syrup srup siurp",
    "spse": "eproc eprok e-proc lpse4 spsee eprocurement e-procurement eproc4 spes sspe psse",
    "apendo": "appendo apendoo apendro",
    "spamkodok": "spam-kodok spankodok spamkodog",
    "kedaluwarsa": "kadaluarsa kadaluwarsa kedaluarsa expired expire exp ekspired kadalwarsa",
    "whatsapp": "wa whatsap wasap watsap whatsup",
    "telepon": "telp tlp tlpn telfon telpon telephone tlfn hape hp handphone",
    "internet": "inet",
    "kantor": "kntor ktr",
    "mendaftar": "mndaftar",
    "perpanjang": "prpanjang perpanjangan memperpanjang",
    "blacklist": "blaklist bleklis black-list",
    "blokir": "diblokir terblokir blok ngeblok keblokir diblok",
    "buat": "bikin bkin mbikin bikinin bikinkan buatkan buatin",
    "izin": "ijin",
    "teman": "temen",
    "benar": "bener",
    "pakai": "pake",
    "malam": "malem mlm",
    "datang": "dateng dtg",
    "ingat": "inget",
    "tahun": "taun thn",
    "memang": "emang emg mmg",
    "cepat": "cepet",
    "besar": "gede",
    "kasih": "ksh",
    "padahal": "pdhl padhal pdahal",
    "banget": "bgt bngt bgtt",
    "juta": "jt",
    "ribu": "rb",
    "tanggal": "tgl tggl",
    "bulan": "bln",
    "minggu": "mgg mggu",
    "dulu": "dlu dl",
    "salah": "slh slah",
    "sebagai": "sbg",
    "lewat": "lwt",
    "punya": "pny",
    "masalah": "msl mslh",
    "tersebut": "tsb tsbt",
    "supaya": "spy",
    "jalan": "jln",
    "alamat": "almt",
    "tiket": "tikt tket",
    "kontrak": "kntrk",
    "paket": "pkt pakt pakte",
    "sistem": "sistim system",
    "provinsi": "propinsi prov",
    "meterai": "materai matrai",
    "antrian": "antrean antri",
    "adendum": "adendun",
    "draf": "draft",
    "survei": "survai",
    "kuitansi": "kwitansi",
    "link": "tautan",
    "website": "web situs laman",
    "browser": "peramban",
    "online": "daring",
    "pokja": "pokmil pokjamil pojka pkja",
    "kabupaten": "kab",
    "teknis": "tekhnis",
    "buka": "bukak",
    "ubah": "rubah robah",
    "bilang": "blg",
    "langsung": "lgsg lsg",
    "simpan": "simpen",
    "nunggu": "menunggu tunggu",
    "profil": "profile",
    "masukkan": "masukin",
    "autentikator": "authenticator",
    "batas waktu": "tenggat",
    "pengumuman": "pngumuman",
    "resmi": "rsmi",
    "jawaban": "jwbn",
    "kata": "kt",
    "lpse": "lspe lpes",
    "npwp": "npw nwpw npwpp",
    "user": "usr",
    "token": "tokne",
    "kode": "kdoe kod",
    "lampirkan": "lampirin",
    "laporkan": "laporin",
    "tampilkan": "tampilin",
    "terkunci": "kekunci dikunci locked kelock",
}

FORMS: dict[str, str] = {"nya": "", "ny": ""} | {
    spelling: form
    for table in (ENGLISH, DIALECTS, _SPELLINGS)
    for form, spellings in table.items()
    for spelling in spellings.split()
    if spelling not in KEEP
}
