"""Runs the notebooks. `python -m tests.notebooks` writes their outputs anew, small and the same.

They run with a copy of the seeds beside them, so that no path of the machine is in an output.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

from tests.conftest import PATIENCE, ROOT

FOLDER = ROOT / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = PATIENCE
COLOURS = 256  # of a committed PNG: charts have fewer, but for the edges of letters
STRICT = """\
import warnings

warnings.simplefilter("error")
warnings.filterwarnings("default", module="ipykernel")  # those of the kernel itself
"""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def execute(paths: Sequence[Path], folder: Path) -> list[Any]:
    """The notebooks with their outputs, run side by side in fresh kernels below `folder`.

    A warning is an error there. Raises nbclient's CellExecutionError.
    """
    beside = folder / "notebooks"
    shutil.copytree(FOLDER, beside)
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    settings = {"IPYTHONDIR": str(folder / "ipython"), "OMP_NUM_THREADS": "1"}
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "strict.py").write_text(STRICT)

    async def run(path: Path) -> Any:
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            record_timing=False,
            extra_arguments=["--log-level=40"],
            resources={"metadata": {"path": str(beside)}},
        )
        return await client.async_execute(env={**os.environ, **settings})

    async def run_all() -> list[Any]:
        return list(await asyncio.gather(*map(run, paths)))

    return asyncio.run(run_all())


def _smaller(png: str) -> str:
    """The same picture in so many colours: a sixth of the bytes."""
    with Image.open(BytesIO(b64decode(png))) as image:
        written = BytesIO()
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
            written, "png", optimize=True
        )
    return b64encode(written.getvalue()).decode("ascii")


def refresh() -> None:
    """Write each notebook with the outputs of a run."""
    with tempfile.TemporaryDirectory() as folder:
        executed = execute(PATHS, Path(folder))
    for path, notebook in zip(PATHS, executed, strict=True):
        for cell in notebook.cells:
            cell.metadata.clear()
            for output in cell.get("outputs", ()):
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = _smaller(output.data["image/png"])
        notebook.metadata = nbformat.from_dict(METADATA)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    refresh()
