"""What a model was made from, as one short text: it is used only while that is unchanged."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path

from nlu.learning.training_data import data_files

PROJECT = Path(__file__).parent.parent
CODE = ("learning/*.py", "text/*.py")
LIBRARIES = ("numpy", "scikit-learn")


def fingerprint(project: Path = PROJECT) -> str:
    """A hash over the project's config, domain and data, our code and the libraries."""
    digest = hashlib.blake2b(digest_size=16)
    files = [project / "config.yml", project / "domain.yml", *data_files(project / "data")]
    code = sorted(path for pattern in CODE for path in PROJECT.glob(pattern))
    for path in (*files, *code):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    for library in LIBRARIES:
        digest.update(f"{library}=={importlib.metadata.version(library)}\0".encode())
    return digest.hexdigest()
