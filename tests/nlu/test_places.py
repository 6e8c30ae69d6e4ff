"""Provinces, kabupaten and kota in a text, and words that are none."""

from __future__ import annotations

import pytest

from nlu.text.entities import find_entities
from nlu.text.region_short_forms import HALF_WORDS, SHORT_FORMS, WORDS
from nlu.text.regions import REGIONS
from nlu.text.slips import corrected, unvowelled


def regions(text: str) -> list[str]:
    return [entity.value for entity in find_entities(text) if entity.entity == "region"]


PLACES = [
    ("Kab. Bogor", "Kabupaten Bogor"),
    ("kota bekasi", "Kota Bekasi"),
    ("LPSE Tangerang Kota", "Kota Tangerang"),
    ("LPSE Tangerang Selatan", "Kota Tangerang Selatan"),
    ("pemkot tangsel", "Kota Tangerang Selatan"),
    ("prov jabar", "Provinsi Jawa Barat"),
    ("Sulsel", "Provinsi Sulawesi Selatan"),
    ("DKI", "Provinsi DKI Jakarta"),
    ("OKU Timur", "Kabupaten Ogan Komering Ulu Timur"),
    ("dinas PU OKU Timur", "Kabupaten Ogan Komering Ulu Timur"),
    ("saya dari bogor", "Bogor"),
    ("di jambi", "Jambi"),
    ("provinsi jambi", "Provinsi Jambi"),
    ("sleman", "Kabupaten Sleman"),
    ("di surabaya", "Kota Surabaya"),
    ("gunung kidul", "Kabupaten Gunungkidul"),
    ("pangkal pinang", "Kota Pangkalpinang"),
    ("tojo una-una", "Kabupaten Tojo Una-Una"),
    ("dinas kesehatan kab pati", "Kabupaten Pati"),
    ("lpse batu", "Kota Batu"),
    ("kami di Batu", "Kota Batu"),
    ("saya dari medan", "Kota Medan"),
    ("dari pemkab blora", "Kabupaten Blora"),
    ("CV Maju Jaya dari Bandung", "Bandung"),
    ("CV Maju Jaya, Kab. Bandung", "Kabupaten Bandung"),
]


@pytest.mark.parametrize(("text", "value"), PLACES)
def test_a_region_gets_its_canonical_name(text: str, value: str) -> None:
    assert regions(text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "batu bata",
        "sari pati",
        "perusahaan maju",
        "di batu bata itu",
        "pak Bima",
        "banjar di jalan",
        "PT Bogor Jaya",
        "CV. Maju Jaya Bandung",
        "bank jatim",
        "admin@bogorkab.go.id",
        "lpse.bogorkab.go.id",
        "@bogor",
        "dipalu",
        "malang sekali nasib saya",
        "pak, medan",
    ],
)
def test_a_word_or_a_firm_is_no_region(text: str) -> None:
    assert regions(text) == []


def test_the_kind_of_region_belongs_to_its_place() -> None:
    text = "saya di Kab. Bogor ya"
    (region,) = find_entities(text)
    assert text[region.start : region.end] == "Kab. Bogor"


def test_all_provinces_kabupaten_and_kota_are_there() -> None:
    """38, 416 (one administrative) and 98 (five administrative), as of 2024."""
    counts = [
        sum(len(list(filter(None, halves[i].split(",")))) for halves in REGIONS.values())
        for i in (0, 1)
    ]
    assert (len(REGIONS), *counts) == (38, 416, 98)


def canonical_names() -> list[str]:
    names = [f"Provinsi {province}" for province in REGIONS]
    for halves in REGIONS.values():
        for kind, listed in zip(("Kabupaten", "Kota"), halves, strict=True):
            names += [f"{kind} {name.strip()}" for name in listed.split(",") if name]
    return names


@pytest.mark.parametrize("name", canonical_names())
def test_every_region_is_found_by_its_name(name: str) -> None:
    assert regions(f"kami dari {name}, mau tanya") == [name]
    assert regions(f"kami dari {name.upper()}, mau tanya") == [name]


def test_every_short_form_belongs_to_a_region() -> None:
    assert set(SHORT_FORMS) <= set(canonical_names())
    assert not WORDS & HALF_WORDS


def test_names_of_regions_are_not_taken_for_slips() -> None:
    every = " ".join([*canonical_names(), *SHORT_FORMS.values()]).lower()
    kinds = {"kabupaten", "provinsi"}
    pieces = {word.strip(",") for word in every.split()} - kinds
    assert {word: corrected(word) or unvowelled(word) for word in pieces} == dict.fromkeys(
        pieces, ""
    )
