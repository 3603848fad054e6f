"""Embedding model: static vectors of word pieces, from the wheel of the package wordllama.

The two files of the model are read without importing the package: that would load an HTTP client,
which costs a query a quarter of a second, and set up logging for the whole process.
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
WORDS_AT_ONCE = 4096  # bounds the memory for the tokenizer's output
SAMPLE_BYTES, SAMPLE_STRIDE = 1 << 10, 1 << 16  # the digest is of 1 KiB of each 64 KiB


class Model:
    """A static embedding model: the vector of a text is the sum of the vectors of its word pieces.

    `table` has the vector of each piece: float16, shape (pieces, DIMENSIONS), memory-mapped.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.table = _tensor(folder / WEIGHTS)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self._folder / TOKENIZER))

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        """The piece ids of each word, in order; an id is a row of `table`."""
        ids: list[list[int]] = []
        for at in range(0, len(words), WORDS_AT_ONCE):
            batch = list(words[at : at + WORDS_AT_ONCE])
            encodings = self._tokenizer.encode_batch(batch, add_special_tokens=False)
            ids += [encoding.ids for encoding in encodings]
        return ids

    @cached_property
    def digest(self) -> str:
        """A SHA-256 that identifies the model among others of the same name.

        It is of the size of each file and of the first 1 KiB of each 64 KiB, since to read all of
        a file takes too long for a query. A newline at the end of a file is left out.
        """
        sha256 = hashlib.sha256()
        for name in (WEIGHTS, TOKENIZER):
            data: Any = np.memmap(self._folder / name, np.uint8, "r")
            data = data[: len(data) - (data[-1] == ord("\n"))]  # some releases end with one
            sha256.update(len(data).to_bytes(8, "little"))
            for at in range(0, len(data), SAMPLE_STRIDE):
                sha256.update(data[at : at + SAMPLE_BYTES].tobytes())
        return sha256.hexdigest()


def _tensor(path: Path) -> npt.NDArray[np.float16]:
    """The only tensor of a safetensors file, memory-mapped.

    The file is the length of the header in 8 bytes, the header as JSON, and the numbers.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    (tensor,) = (facts for name, facts in header.items() if name[0] != "_")
    if tensor["dtype"] != "F16" or tensor["shape"][1] != DIMENSIONS:
        raise ExtraMissing("semantic", "wordllama", f"{path} holds another model")
    start = 8 + length + tensor["data_offsets"][0]
    return np.memmap(path, np.float16, "r", start, tuple(tensor["shape"]))


def installed() -> Path | None:
    """The folder of the model's files; None where the extra `semantic` is not installed."""
    try:
        package, tokenizer = find_spec("wordllama"), find_spec("tokenizers")
    except (ImportError, ValueError):  # the installation is incomplete
        return None
    if package is None or tokenizer is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0])
    return folder if all((folder / name).is_file() for name in (WEIGHTS, TOKENIZER)) else None


_loaded: dict[Path, Model] = {}


def load(digest: str | None = None) -> Model:
    """The installed model; it is loaded once a process.

    Vectors of two models cannot be compared, so an index gives the `digest` of its own model.
    Raises ExtraMissing where no model is installed, or one with another digest.
    """
    folder = installed()
    if folder is None:
        raise ExtraMissing("semantic", "wordllama")
    if folder not in _loaded:
        _loaded[folder] = Model(folder)
    if digest not in {None, _loaded[folder].digest}:
        raise ExtraMissing("semantic", "wordllama", "which is another than made this index")
    return _loaded[folder]
