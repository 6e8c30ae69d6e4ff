"""Names of applications and services of government procurement, and what they run on."""

from __future__ import annotations

from nlu.text.entities.finder import finder, named

APPLICATIONS: dict[str, str] = {
    "SPSE Authenticator": r"(?:spse\s)?authenticator|autentikator(?:\sspse)?",
    "LPSE Support": r"lpse[\s-]?support",
    "SPSE": r"spse|e[\s-]?proc(?:urement)?",
    "SIKaP": r"sikap(?!\s(?:petugas|pelayanan|admin|pegawai|yang|yg|ramah|kasar|panitia|pokja|anda"
    r"|bapak|ibu|staf|orang|resepsionis|satpam|tidak|kurang|dari|profesional|sombong|jutek|helpdesk))"
    r"|vms|si\skap",
    "SiRUP": r"si[\s-]?rup",
    "e-Katalog": r"e?[\s-]?katalog(?:\selektronik)?|e[\s-]?catalogu?e?",
    "e-Kontrak": r"e[\s-]?kontrak",
    "e-Audit": r"e[\s-]?audit",
    "e-Pengaduan": r"e[\s-]pengaduan|epengaduan",
    "e-Purchasing": r"e[\s-]?purchasing",
    "e-Monev": r"e[\s-]?monev",
    "Apendo": r"app?endo",
    "Spamkodok": r"spam[\s-]?kodok",
    "INAPROC": r"ina[\s-]?pro[ck]",
    "Toko Daring": r"toko\s?daring",
    "Bela Pengadaan": r"bela\s?pengadaan",
    "OSS": r"oss(?:[\s-]?rba)?",
    "Privy": r"privy(?:[\s-]?id)?",
    "BSrE": r"bsre",
    "SIPD": r"sipd(?:[\s-]?ri)?",
    "Coretax": r"core\s?tax",
    # "amel" is a first name and "simpel" a word: with capitals, or said to be an application.
    "AMEL": r"(?-i:AMEL)|(?:aplikasi|app)\samel",
    "SIMPeL": r"(?-i:SIMPeL|SIMPEL)|(?:aplikasi|app)\ssimpel",
}

APPLICATION = finder("application", *named(APPLICATIONS))
