"""Time of a cold query as a whole process, beside the imports that it cannot do without.

Run with the Python of the environment that tipsearch is installed in:

    python tests/benchmarks/cold_query.py [RUNS]

It indexes the seeds in a temporary folder, then starts each command RUNS times in turn (default
10) and prints medians, and their ratio to `python -c "import numpy, typer"`; it wants the extra
`semantic`. The joblib script is the obvious way: load a pickled TfidfVectorizer and matrix,
transform the query, multiply, sort.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEEDS = Path(__file__).parents[2] / "seeds"
TIPSEARCH = str(Path(sys.executable).parent / "tipsearch")

DUMP = """
import joblib, tipsearch
from sklearn.feature_extraction.text import TfidfVectorizer
posts, _ = tipsearch.read("seeds")
vectorizer = TfidfVectorizer(stop_words="english")
matrix = vectorizer.fit_transform(post.title + " " + post.text for post in posts)
joblib.dump((vectorizer, matrix, [post.title for post in posts]), "obvious.joblib")
"""
LOAD = """
import joblib, numpy
vectorizer, matrix, titles = joblib.load("obvious.joblib")
scores = (matrix @ vectorizer.transform(["angry customer on the phone"]).T).toarray().ravel()
for row in numpy.argsort(-scores)[:10]:
    print(f"{scores[row]:.3f}  {titles[row]}")
"""
COMMANDS = {
    'python -c "import numpy, typer"': [sys.executable, "-c", "import numpy, typer"],
    "tipsearch query --ranking feedback": [
        TIPSEARCH,
        "query",
        "angry customer on the phone",
        "--ranking",
        "feedback",
    ],
    "tipsearch query --ranking hybrid": [
        TIPSEARCH,
        "query",
        "angry customer on the phone",
        "--ranking",
        "hybrid",
    ],
    "the same, with a word that no post has": [
        TIPSEARCH,
        "query",
        "irritated customer on the phone",
        "--ranking",
        "hybrid",
    ],
    "tipsearch related": [TIPSEARCH, "related", "Fix Fast to Reduce Stress"],
    "the obvious joblib script": [sys.executable, "-c", LOAD],
}


def measure(runs: int) -> dict[str, float]:
    """The median seconds of each command, all started in turn so that noise meets them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SEEDS, Path(folder, "seeds"))
        for command in ([TIPSEARCH, "index"], [sys.executable, "-c", DUMP]):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        for run in range(runs + 1):  # the first fills the caches and is not counted
            for name, command in COMMANDS.items():
                start = time.perf_counter()
                subprocess.run(command, cwd=folder, check=True, capture_output=True)
                if run:
                    seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def main() -> None:
    """Print the table."""
    medians = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    floor = next(iter(medians.values()))
    print("| command | median | ratio |\n|---|---:|---:|")
    for name, seconds in medians.items():
        print(f"| `{name}` | {seconds * 1000:.0f} ms | {seconds / floor:.2f} |")


if __name__ == "__main__":
    main()
