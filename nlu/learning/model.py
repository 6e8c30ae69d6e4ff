"""The model file: what training writes and serving reads; npz without pickle, JSON inside."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.errors import ModelError
from nlu.learning.calibration import Calibration
from nlu.learning.ngrams import Block, Floats
from nlu.learning.pipeline import Ngrams


@dataclass(frozen=True, slots=True)
class Model:
    """A trained linear model; ``weights`` has one row for each column of the blocks."""

    fingerprint: str
    intents: tuple[str, ...]
    out_of_scope: str
    blocks: tuple[Block, ...]
    weights: Floats
    intercept: Floats
    calibration: Calibration

    @property
    def outside(self) -> int | None:
        """The position of the out-of-scope intent, None if it was not trained."""
        return self.intents.index(self.out_of_scope) if self.out_of_scope in self.intents else None


def save(model: Model, path: Path) -> None:
    """Writes the file whole or not at all: temporary file, fsync, rename, fsync of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **_arrays(model))
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


def load(path: Path, fingerprint: str) -> Model:
    """Reads a model made from exactly this fingerprint; ModelError for anything else."""
    try:
        # np.load leaves a file it opened itself open when the archive is broken.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            about = json.loads(_text(arrays["about"]))
            if about["fingerprint"] != fingerprint:
                raise ModelError(f"{path}: made from other data, settings or versions.")
            model = _model(about, arrays)
    except FileNotFoundError:
        raise ModelError(f"{path}: no model yet.") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: broken model file ({type(error).__name__}).") from error
    _check(model, path)
    return model


def _arrays(model: Model) -> dict[str, NDArray[np.generic]]:
    about = {
        "fingerprint": model.fingerprint,
        "intents": model.intents,
        "out_of_scope": model.out_of_scope,
        "calibration": asdict(model.calibration),
        "blocks": [asdict(block.shape) for block in model.blocks],
    }
    arrays: dict[str, NDArray[np.generic]] = {
        "about": _bytes(json.dumps(about)),
        "weights": model.weights,
        "intercept": model.intercept,
    }
    for i, block in enumerate(model.blocks):
        arrays[f"terms{i}"] = _bytes("\n".join(block.terms))
        arrays[f"idf{i}"] = block.idf
    return arrays


def _model(about: dict[str, object], arrays: np.lib.npyio.NpzFile) -> Model:
    raw: dict[str, list[dict[str, object]]] = about  # type: ignore[assignment]  # JSON we wrote
    blocks: list[Block] = []
    offset = 0
    for i, shape in enumerate(raw["blocks"]):
        terms = tuple(_text(arrays[f"terms{i}"]).split("\n"))
        blocks.append(Block(Ngrams(**shape), terms, arrays[f"idf{i}"], offset))  # type: ignore[arg-type]
        offset += len(terms)
    calibration = dict(about["calibration"])  # type: ignore[call-overload]
    scope = calibration["scope"]
    return Model(
        str(about["fingerprint"]),
        tuple(str(name) for name in raw["intents"]),
        str(about["out_of_scope"]),
        tuple(blocks),
        arrays["weights"],
        arrays["intercept"],
        Calibration(float(calibration["sharpness"]), None if scope is None else tuple(scope)),
    )


def _check(model: Model, path: Path) -> None:
    rows = sum(len(block.terms) for block in model.blocks)
    wanted = (rows, len(model.intents))
    fits = all(block.idf.shape == (len(block.terms),) for block in model.blocks)
    if not fits or model.weights.shape != wanted or model.intercept.shape != wanted[1:]:
        raise ModelError(f"{path}: broken model file (sizes do not fit).")
    if not np.isfinite(model.weights).all():
        raise ModelError(f"{path}: broken model file (weights are not numbers).")


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8"), dtype=np.uint8)


def _text(array: NDArray[np.uint8]) -> str:
    return array.tobytes().decode("utf-8")
