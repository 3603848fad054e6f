"""The embedding model: static vectors of word pieces, from the wheel of the package wordllama.

Its two files are read directly. To import the package costs a query a quarter of a second more,
since that brings in an HTTP client, and it sets up logging for the whole process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.errors import ExtraMissing

if TYPE_CHECKING:
    import numpy.typing as npt

NAME = "wordllama-l2_supercat-256"
DIMENSIONS = 256
WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
AT_ONCE = 4096  # words: what the tokenizer makes of each takes memory
SAMPLE, EVERY = 1 << 10, 1 << 16  # bytes of the model's files that are in its digest


class Model:
    """Static embeddings: a word is the sum of the vectors of its pieces, a text that of its words.

    `table` has a row for each piece, float16, shape (pieces, DIMENSIONS), memory-mapped.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.table = _tensor(folder / WEIGHTS)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self._folder / TOKENIZER))

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        """The pieces of each word, as rows of the table."""
        found: list[list[int]] = []
        for at in range(0, len(words), AT_ONCE):
            some = list(words[at : at + AT_ONCE])
            encoded = self._tokenizer.encode_batch(some, add_special_tokens=False)
            found += [encoding.ids for encoding in encoded]
        return found

    @cached_property
    def digest(self) -> str:
        """What tells it from another model of that name: a SHA-256.

        Of the size of each file, without a newline at its end, and the first 1 KiB of each 64 KiB
        of it: a query has no time for all of it, and no two models share that.
        """
        told = hashlib.sha256()
        for name in (WEIGHTS, TOKENIZER):
            data: Any = np.memmap(self._folder / name, np.uint8, "r")
            data = data[: len(data) - (data[-1] == ord("\n"))]  # some releases end with one
            told.update(len(data).to_bytes(8, "little"))
            for at in range(0, len(data), EVERY):
                told.update(data[at : at + SAMPLE].tobytes())
        return told.hexdigest()


def _tensor(path: Path) -> npt.NDArray[np.float16]:
    """The only tensor of a safetensors file: 8 bytes of length, a JSON header, the numbers."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        (facts,) = (f for name, f in json.loads(file.read(length)).items() if name[0] != "_")
    if facts["dtype"] != "F16" or facts["shape"][1] != DIMENSIONS:
        raise ExtraMissing("semantic", "wordllama", f"{path} holds another model")
    start = 8 + length + facts["data_offsets"][0]
    return np.memmap(path, np.float16, "r", start, tuple(facts["shape"]))


def installed() -> Path | None:
    """Where the model's files are; None where the extra `semantic` is not installed."""
    try:
        package, tokenizer = find_spec("wordllama"), find_spec("tokenizers")
    except (ImportError, ValueError):  # half of it is gone
        return None
    if package is None or tokenizer is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0])
    return folder if all((folder / name).is_file() for name in (WEIGHTS, TOKENIZER)) else None


_loaded: dict[Path, Model] = {}


def load(digest: str | None = None) -> Model:
    """The model, each time the same object. Raises ExtraMissing, also where it has another digest.

    What has vectors of one model can do nothing with those of another.
    """
    folder = installed()
    if folder is None:
        raise ExtraMissing("semantic", "wordllama")
    if folder not in _loaded:
        _loaded[folder] = Model(folder)
    if digest not in {None, _loaded[folder].digest}:
        raise ExtraMissing("semantic", "wordllama", "which is another than made this index")
    return _loaded[folder]
