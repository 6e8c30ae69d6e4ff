"""The model file: what training writes and serving reads; npz without pickle, JSON inside."""

from __future__ import annotations

import json
import math
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.errors import ModelError
from nlu.learning.calibration import SCOPE, Calibration
from nlu.learning.ngrams import Block, Floats
from nlu.learning.pipeline import Ngrams
from nlu.learning.thresholds import Thresholds
from nlu.text.normalizers import NORMALIZERS

LARGEST = 2 * 1024**3
"""Bytes of an unpacked model file: far above any that training makes."""

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A linear classifier and what cross-validation found out about it.

    ``weights`` has one row for each column of the features and one column an intent.
    """

    intents: tuple[str, ...]
    weights: Floats
    intercept: Floats
    calibration: Calibration
    thresholds: Thresholds = field(default_factory=Thresholds)
    measures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    """What training writes and serving reads: how texts become features, and the classifier."""

    fingerprint: str
    out_of_scope: str
    normalizer: str
    blocks: tuple[Block, ...]
    fitted: Fitted

    @property
    def intents(self) -> tuple[str, ...]:
        """All intents, in the order of the scores."""
        return self.fitted.intents

    @property
    def outside(self) -> int | None:
        """The position of the out-of-scope intent, None if it was not trained."""
        return self.intents.index(self.out_of_scope) if self.out_of_scope in self.intents else None


def save(model: Model, path: Path) -> None:
    """Writes the file whole or not at all."""
    about = {
        "fingerprint": model.fingerprint,
        "out_of_scope": model.out_of_scope,
        "normalizer": model.normalizer,
        "blocks": len(model.blocks),
    }
    arrays: Arrays = {"about": _json(about), **_of_fitted(model.fitted)}
    for i, block in enumerate(model.blocks):
        arrays |= _of_block(block, str(i))
    _write(path, arrays)


def load(path: Path, fingerprint: str) -> Model:
    """Reads a model made from exactly this fingerprint; ModelError for anything else."""
    with _reading(path) as arrays:
        about = json.loads(_text(arrays["about"]))
        if about["fingerprint"] != fingerprint:
            raise ModelError(f"{path}: made from other data, settings or versions.")
        blocks: list[Block] = []
        for i in range(int(about["blocks"])):
            blocks.append(_block(arrays, str(i), sum(len(block.terms) for block in blocks)))
        fitted = _fitted(arrays)
        model = Model(
            str(about["fingerprint"]),
            str(about["out_of_scope"]),
            str(about["normalizer"]),
            tuple(blocks),
            fitted,
        )
        _check(model, path)
    return model


def save_fitted(fitted: Fitted, path: Path) -> None:
    """A classifier alone, as a Rasa component keeps it."""
    _write(path, _of_fitted(fitted))


def load_fitted(path: Path) -> Fitted:
    """A classifier alone; ModelError for a broken file."""
    with _reading(path) as arrays:
        return _fitted(arrays)


def save_block(block: Block, path: Path) -> None:
    """A TF-IDF block alone, as a Rasa component keeps it."""
    _write(path, _of_block(block, ""))


def load_block(path: Path) -> Block:
    """A TF-IDF block alone, its columns from 0; ModelError for a broken file."""
    with _reading(path) as arrays:
        return _block(arrays, "", 0)


def _of_fitted(fitted: Fitted) -> Arrays:
    about = {
        "intents": fitted.intents,
        "calibration": asdict(fitted.calibration),
        "thresholds": asdict(fitted.thresholds),
        "measures": fitted.measures,
    }
    return {
        "classifier": _json(about),
        "weights": fitted.weights,
        "intercept": fitted.intercept,
    }


def _fitted(arrays: Mapping[str, Any]) -> Fitted:
    about = json.loads(_text(arrays["classifier"]))
    sharpness, scope = about["calibration"]["sharpness"], about["calibration"]["scope"]
    return Fitted(
        tuple(str(name) for name in about["intents"]),
        arrays["weights"],
        arrays["intercept"],
        Calibration(float(sharpness), None if scope is None else tuple(scope)),
        Thresholds(**about["thresholds"]),
        dict(about["measures"]),
    )


def _of_block(block: Block, number: str) -> Arrays:
    return {
        f"shape{number}": _json(asdict(block.shape)),
        f"terms{number}": _bytes("\n".join(block.terms)),
        f"idf{number}": block.idf,
    }


def _block(arrays: Mapping[str, Any], number: str, offset: int) -> Block:
    shape = Ngrams(**json.loads(_text(arrays[f"shape{number}"])))
    terms = tuple(_text(arrays[f"terms{number}"]).split("\n"))
    return Block(shape, terms, arrays[f"idf{number}"], offset)


def _write(path: Path, arrays: Arrays) -> None:
    """Temporary file, fsync, rename, fsync of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy 1.23 has no allow_pickle
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _reading(path: Path) -> Iterator[Mapping[str, Any]]:
    """The arrays of a file; whatever is wrong with it is a ModelError."""
    try:
        # np.load leaves a file it opened itself open when the archive is broken.
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise ModelError(f"{path}: broken model file (larger than any of ours).")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            yield arrays
    except FileNotFoundError:
        raise ModelError(f"{path}: no model yet.") from None
    except ModelError:
        raise
    except Exception as error:  # the zip, npy and JSON readers raise a dozen kinds
        raise ModelError(f"{path}: broken model file ({type(error).__name__}).") from error


def _check(model: Model, path: Path) -> None:
    fitted = model.fitted
    rows = sum(len(block.terms) for block in model.blocks)
    wanted = (rows, len(model.intents))
    fits = all(block.idf.shape == (len(block.terms),) for block in model.blocks)
    if not fits or fitted.weights.shape != wanted or fitted.intercept.shape != wanted[1:]:
        raise ModelError(f"{path}: broken model file (sizes do not fit).")
    arrays = (fitted.weights, fitted.intercept, *(block.idf for block in model.blocks))
    scope = fitted.calibration.scope or (0.0,) * SCOPE
    numbers = (fitted.calibration.sharpness, *scope, *asdict(fitted.thresholds).values())
    if any(array.dtype.kind != "f" or not np.isfinite(array).all() for array in arrays) or not (
        len(scope) == SCOPE and all(isinstance(n, float) and math.isfinite(n) for n in numbers)
    ):
        raise ModelError(f"{path}: broken model file (weights are not numbers).")
    if model.normalizer not in NORMALIZERS:
        raise ModelError(f"{path}: broken model file (unknown normalizer).")


def _json(value: object) -> NDArray[np.uint8]:
    return _bytes(json.dumps(value))


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8"), dtype=np.uint8)


def _text(array: NDArray[np.uint8]) -> str:
    return array.tobytes().decode("utf-8")
