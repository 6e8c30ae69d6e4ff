"""Reading labelled messages of whoever made them, and finding out what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlu.errors import NluError
from nlu.learning.pipeline import Classifier, Ngrams, Pipeline
from nlu.measuring.errors import MeasuringError
from nlu.measuring.messages import read_messages
from nlu.measuring.settings import fitted_to, language_of, out_of_scope

RASA = 'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - halo [Budi](name)\n'


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(*paths: Path) -> list[tuple[str, str]]:
    return [(example.intent, example.text) for example in read_messages(paths)]


@pytest.mark.parametrize(
    "content",
    [
        b"greet\thalo\nlost\tmy card is gone\n",
        b"greet\thalo\r\nlost\tmy card is gone\r\n",
        b"\xef\xbb\xbfintent\ttext\r\ngreet\thalo\r\n\r\nlost\tmy card is gone",
        "intent\ttext\ngreet\thalo\nlost\tmy card is gone\n".encode("utf-16"),
        b"Label\tText\n greet \t halo \nlost\tmy card\tis gone\n",
        b"greet\thalo\rlost\tmy card is gone\r",
    ],
    ids=["plain", "windows", "mark and header", "excel", "blanks and tabs", "old line ends"],
)
def test_lines_of_intent_and_text_are_read_as_they_are_saved(
    tmp_path: Path, content: bytes
) -> None:
    path = write(tmp_path, "a.tsv", content)
    assert read(path) == [("greet", "halo"), ("lost", "my card is gone")]


def test_a_message_knows_its_line_and_its_file_as_voice(tmp_path: Path) -> None:
    (found,) = read_messages([write(tmp_path, "ibu kota.txt", "\n\n转账\t什么时候到账\n")])
    assert (found.voice, found.line, found.intent) == ("ibu kota", 3, "转账")


@pytest.mark.parametrize("name", ["data.yml", "data.yaml", "data.txt", "data"])
def test_rasa_training_data_are_known_by_what_they_hold(tmp_path: Path, name: str) -> None:
    assert read(write(tmp_path, name, RASA)) == [("greet", "halo Budi")]


def test_lines_about_versions_are_no_rasa_data(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", "version\twhich version: 3?\nnlu\tnlu: what is it\n")
    assert [intent for intent, _ in read(path)] == ["version", "nlu"]


def test_a_folder_is_read_as_rasa_reads_it_else_its_lines(tmp_path: Path) -> None:
    write(tmp_path, "rasa/deep/nlu.yml", RASA)
    write(tmp_path, "rasa/notes.txt", "no tab here")
    write(tmp_path, "lines/b.tsv", "b\tzwei")
    write(tmp_path, "lines/a.txt", "a\teins")
    assert read(tmp_path / "rasa") == [("greet", "halo Budi")]
    assert read(tmp_path / "lines", tmp_path / "rasa") == [
        ("a", "eins"), ("b", "zwei"), ("greet", "halo Budi"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a\tb\nno tab\n", ":2: there is no tab, a line is intent, tab, text."),
        (b"a\t \n", ":1: the text is empty, a line is intent, tab, text."),
        (b"\n\ttext\n", ":2: the intent is empty, a line is intent, tab, text."),
        (b"a\tb\nc\td\ne\t\xff\n", ":3: broken text, it has to be saved as UTF-8."),
        (b"", ": there is no message in this file."),
        (b"intent\ttext\n", ": there is no message in this file."),
        (b"text\tintent\na\tb\n", ":1: the columns are swapped, a line is intent, tab, text."),
        (
            b"".join(b"my text %d\tgreet\n" % i for i in range(20)),
            ": 20 lines name 20 intents and only 1 texts; the columns seem to be swapped, "
            "a line is intent, tab, text.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = write(tmp_path, "a.tsv", content)
    with pytest.raises(NluError) as raised:
        read_messages([path])
    assert str(raised.value) == f"{path}{sentence}"


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NluError, match=r"gone\.tsv: there is no such file or folder"):
        read_messages([tmp_path / "gone.tsv"])
    with pytest.raises(NluError, match=r"there is no \.yml, \.tsv or \.txt file in this folder"):
        read_messages([tmp_path])


def test_the_out_of_scope_intent_is_found_by_its_usual_names() -> None:
    assert out_of_scope(["a", "oos"], None) == "oos"
    assert out_of_scope(["oos", "Out_Of_Scope"], None) == "Out_Of_Scope"
    assert out_of_scope(["a", "b"], None) is None
    assert out_of_scope(["a", "oos", "misc"], "misc") == "misc"
    with pytest.raises(MeasuringError, match='No message has the intent "misc"'):
        out_of_scope(["a"], "misc")


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("indonesian", ["gmn cara upload dokumen yg gagal", "lupa pw, ga bisa login"]),
        ("indonesian", ["Mohon informasi jadwal lelang yang berubah.", "terima kasih pak"]),
        ("plain", ["i lost my card in the atm", "can you change my pin, please"]),
        ("plain", ["我的银行卡丢了", "怎么修改密码"]),
        ("plain", ["jeg har tabt mit kort, og det er væk", "wanneer komt mijn kaart dan aan"]),
        ("plain", ["🙂🙂", "123"]),
    ],
)
def test_indonesian_is_told_from_other_languages(language: str, texts: list[str]) -> None:
    assert language_of(texts) == language


def test_a_pipeline_is_fitted_to_foreign_data_and_otherwise_kept() -> None:
    pipeline = Pipeline(Classifier(C=3.0), (Ngrams(min_df=2), Ngrams("char_wb", 1, 4, 2)))
    fitted = fitted_to(pipeline, "indonesian", "oos")
    assert (fitted.normalizer, fitted.classifier) == (
        "indonesian", Classifier(C=3.0, out_of_scope="oos"),
    )  # fmt: skip
    assert fitted.ngrams == pipeline.ngrams
    assert fitted_to(pipeline, "plain", None).classifier.out_of_scope == "out_of_scope"
