"""What a model was made from, as one short text: it is used only while that is unchanged."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path

from nlu.training_data import data_files

PROJECT = Path(__file__).parent
CODE = (
    "calibration.py",
    "lexicon.py",
    "model.py",
    "ngrams.py",
    "normalize.py",
    "pipeline.py",
    "training.py",
    "training_data.py",
)
LIBRARIES = ("numpy", "scikit-learn")


def fingerprint(project: Path = PROJECT) -> str:
    """A hash over the project's config, domain and data, our code and the libraries."""
    digest = hashlib.blake2b(digest_size=16)
    files = [project / "config.yml", project / "domain.yml", *data_files(project / "data")]
    for path in (*files, *(PROJECT / name for name in CODE)):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    for library in LIBRARIES:
        digest.update(f"{library}=={importlib.metadata.version(library)}\0".encode())
    return digest.hexdigest()
