"""Names, firms, public bodies and roles, as people write them when they introduce themselves."""

from __future__ import annotations

import re

from dialogs.words import word_set

GIVEN_NAMES = word_set(
    """
    abdul abdullah abdurrahman abu ade adi adit aditya afif agung agus ahmad aidil aini aisyah ajeng
    akbar alam aldi alfian ali alif alya amalia amelia amin aminah amir andi andika andre andri
    andriani anggi anggraini ani anis anisa anita anto anton antonius anwar aprilia ardi ari arief
    arif aris arya asep asih astri astuti ayu aziz bachtiar bagas bagus bahri bambang bayu benny
    bernard bima boby budi budiman burhan cahya cahyo candra citra dadang dahlia danang dani daniel
    darmawan david dede deden dedi dedy deni denny desi desy devi dewa dewi dian diana dika dimas
    dina dinda dini dita djoko dodi doni donny dwi dyah edi edo edy efendi eka eko elis elsa endah
    endang erik erna erni ernawati erwin esti eva evi fadil fadli fahmi faisal faisol fajar farah
    farhan farida fatimah fauzan fauzi febri feri ferry fikri firman fitri fitria fitriani galih
    gita gunawan guntur habib hadi hafiz haikal hakim hamdan hamid hana handayani handoko hani
    hanif hartati hartono haryanto hasan hasanah hendra hendri hendro heni herman hermawan heru
    hidayat husein husni ida ika ikhsan ilham imam iman imron indah indra indri intan iqbal irawan
    irfan irma irwan isma ismail iwan jaka jamal joko jono joni junaidi kadek karina kartika kartini
    ketut khairul kiki komang kurnia kurniawan laila lestari lia lidya lilis lina linda lisa lukman
    luthfi made mahmud mardiana margono maria marlina maryam maryati maulana maya mega melati
    meli melinda merry mira mochamad mohamad mohammad muchlis muhamad muhammad muhtar mukhlis
    mulyadi mulyono munir murni mustafa nabila nadia nana nanang nia nina ningsih nita novi novita
    nugroho nur nuraini nurdin nurhayati nurul nyoman oka oki oktavia okta pandu pipit prabowo
    pratama prayitno puji purnama purnomo purwanto putra putri putu rachman rachmat raden rafi
    rahayu rahma rahman rahmat rahmawati raka ramadhan rangga ratih ratna ratnasari reni reza rian
    rida ridho ridwan rifki rika rina rini rio riski risma rita rizal rizka rizki rizky robby rohman
    rohmat roni rosa rosdiana rosita rudi rudy ruli rusdi rusli sabrina saiful salim salma samsul
    santi santoso sari sarah satria selvi septian setiawan siska siti slamet soleh sri sugeng
    suhartono suharto sukma sulaiman sulastri sumarni sumiati supardi supriyadi supriyanto
    surya suryani suryadi susanti susanto susi susilo sutrisno suwarno suyanto syahrul syaiful
    syamsul syarif taufan taufik tedi teguh tika tina titi titin tommy toni tono tri triyono tuti
    udin umar umi usman utami vera vina wahid wahyu wahyudi wahyuni wati wawan wayan wibowo widi
    widodo widya winda wira wiwin wulan wulandari yanti yanto yanuar yati yayan yayuk yoga yogi
    yohanes yoyok yudha yudi yulia yuliana yulianti yuni yunita yunus yusuf zaenal zahra zainal
    zainuddin zaki zulfikar zulkifli
    """
)
FIRMS = word_set("cv pt ud pd fa firma koperasi yayasan perumda perumdam perusda bumdes")
BODIES = word_set(
    """
    dinas badan balai kementerian kecamatan kelurahan kantor sekretariat universitas univ politeknik
    institut satuan direktorat kejaksaan pengadilan komisi puskesmas
    """
)
SHORT_BODIES = word_set(
    """
    bappeda bapenda bpkad bpkpad bkd bkpsdm bpbd dprd ukpbj bpbj ulp disdik dinkes dispora
    diskominfo dishub dinsos disperindag disnaker disbudpar dlh pupr dpupr dpmptsp dpmd satpol rsud
    rsup rs setda setwan inspektorat polda polres polsek kodim korem kejari kejati kpu bawaslu bnn
    bps pemkab pemkot pemprov pemda smk smkn sma sman smp smpn sd sdn man mtsn uptd upt poltek
    iain uin bpn bpjn bbws kemenag kemenkeu kemenhub kemendikbud kemenkes pdam
    """
)
ABBREVIATIONS = FIRMS - {"firma", "koperasi", "yayasan", "perumda", "perumdam", "perusda", "bumdes"}
CAPITALS = (
    ABBREVIATIONS
    | word_set("pu pupr dpupr ukpbj bpbj ulp bpkad bpkpad bkd bkpsdm bpbd dprd dlh dpmptsp dpmd")
    | word_set("rsud rsup rs smk smkn sma sman smp smpn sd sdn man")
    | word_set("uptd upt bpn bps bnn kpu pdam ri")
)
OFFICE_WORDS = word_set(
    """
    dan kota kabupaten kab provinsi prov daerah pusat umum kesehatan pendidikan sosial pekerjaan
    komunikasi informatika perhubungan pertanian perumahan kehutanan kelautan perikanan lingkungan
    hidup perdagangan perindustrian tenaga kerja pemuda olahraga pariwisata kebudayaan keuangan
    aset pendapatan kepegawaian perencanaan pembangunan penanggulangan bencana pengadaan barang
    jasa layanan bagian bidang unit negeri tata ruang penataan permukiman energi pajak data teknik
    """
)
ROLES = {
    "pa_kpa": r"pa ?/ ?kpa|kpa|(?:kuasa )?pengguna anggaran",
    "ppk": r"ppk|pejabat pembuat komitmen",
    "pp": r"pp|pejabat pengadaan",
    "pokja": r"(?:anggota |ketua )?pokja(?: pemilihan| ukpbj)?|panitia (?:lelang|tender|pengadaan)",
    "auditor": r"auditor|apip",
    "admin": r"admin (?:agency|agensi|ppe|lpse)",
    "masyarakat": r"masyarakat(?: umum)?|warga|mahasiswa|mahasiswi|wartawan|lsm|dari media",
    "penyedia": r"(?:calon )?penyedia(?: jasa| barang)?|rekanan|vendor|kontraktor|peserta (?:tender"
    r"|lelang)|(?:direktur(?: utama)?|dirut|pemilik|owner|pimpinan) (?=(?:cv|pt|ud|fa)\b)",
}
ROLE = re.compile(
    "|".join(rf"(?P<{key}>\b(?:{words})(?![\w/]))" for key, words in ROLES.items()), re.IGNORECASE
)
TITLES = word_set(
    "pak bapak bpk bu ibu sdr sdri saudara saudari mas mbak mba bang kak h hj dr drs ir"
)
