"""Reports: what became of every line of the files that were read."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any

from tipsearch.views import html as markup

POST = "post"
UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one line that is not blank.

    `kind` is "post", then `post` is its id; or "unrecognised", then `note` is its start or the
    reason; or the name of a kind of boilerplate. `number` counts from 1.
    """

    number: int
    kind: str
    post: str | None = None
    note: str = ""


class PostLines(Sequence[Line]):
    """The lines of a large file, nearly each a post of its own; a Line is made on access.

    `numbers` are the lines that are posts, ascending, and `id_of(i)` is the id of the i-th of them.
    `others` are the other lines that are not blank, by number.
    """

    def __init__(
        self, numbers: Sequence[int], id_of: Callable[[int], str], others: Mapping[int, Line]
    ) -> None:
        self._numbers, self._id_of, self._others = numbers, id_of, others

    def __len__(self) -> int:
        return len(self._numbers) + len(self._others)

    def __iter__(self) -> Iterator[Line]:
        posts = (Line(int(n), POST, self._id_of(i)) for i, n in enumerate(self._numbers))
        others = (self._others[number] for number in sorted(self._others))
        return merge(posts, others, key=lambda line: line.number)

    def __getitem__(self, at: Any) -> Any:
        return list(self)[at]

    def kinds(self) -> Counter[str]:
        """The number of lines of each kind."""
        kinds = Counter(line.kind for line in self._others.values())
        if len(self._numbers):
            kinds[POST] += len(self._numbers)
        return kinds

    def unrecognised(self) -> Iterator[Line]:
        """The lines that were not recognised."""
        return (self._others[n] for n in sorted(self._others))


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair of the text of a line: `removed` was cut off, and `name` says what it is."""

    path: str
    line: int
    name: str
    removed: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """The report of one file: its lines that are not blank, or the `problem` why it was not read.

    `sha256` is None where the file was not opened.
    """

    path: str
    sha256: str | None = None
    lines: Sequence[Line] = ()
    problem: str | None = None

    def kinds(self) -> Counter[str]:
        """The number of non-blank lines of each kind."""
        if isinstance(self.lines, PostLines):
            return self.lines.kinds()
        return Counter(line.kind for line in self.lines)

    def unrecognised(self) -> Iterator[Line]:
        """The lines that were not recognised."""
        if isinstance(self.lines, PostLines):
            return self.lines.unrecognised()
        return (line for line in self.lines if line.kind == UNRECOGNISED)


@dataclass(frozen=True, slots=True)
class IngestReport:
    """The report of a reading: every file, with every line that is not blank.

    `full`, `teasers` and `undated` count posts. `entries` counts sightings, so `entries` less
    `full` and `teasers` is the number of duplicates.
    """

    files: tuple[FileReport, ...]
    repairs: tuple[Repair, ...]
    entries: int
    full: int
    teasers: int
    undated: int

    @property
    def sources(self) -> dict[str, str]:
        """The SHA-256 of each file that posts were read from, by path."""
        return {file.path: file.sha256 for file in self.files if file.sha256 and not file.problem}

    @property
    def problems(self) -> tuple[FileReport, ...]:
        """The files from which no post was read."""
        return tuple(file for file in self.files if file.problem)

    def kinds(self) -> Counter[str]:
        """The number of non-blank lines of each kind, over all files."""
        return sum((file.kinds() for file in self.files), Counter[str]())

    def unrecognised(self) -> Iterator[tuple[str, Line]]:
        """The path and line of what was not recognised, except in files with a problem."""
        for file in self.files:
            if not file.problem:
                yield from ((file.path, line) for line in file.unrecognised())

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each file, as a pandas DataFrame or, with `arrow`, a pyarrow Table.

        The columns are `file`; `lines`, the number of lines that are not blank; the number of lines
        of each kind, "post" first and "unrecognised" last; and `problem`, why the file was not
        read. Raises ExtraMissing.
        """
        from tipsearch.views.tables import Column, Table

        counts = [file.kinds() for file in self.files]
        totals = self.kinds()
        others = totals.keys() - {POST, UNRECOGNISED}
        boilerplate = sorted(others, key=lambda kind: (-totals[kind], kind))
        columns = {
            kind: Column("int", [count[kind] for count in counts])
            for kind in (POST, *boilerplate, UNRECOGNISED)
        }
        return Table(
            {
                "file": Column("text", [file.path for file in self.files]),
                "lines": Column("int", [count.total() for count in counts]),
                **columns,
                "problem": Column("text", [file.problem for file in self.files]),
            }
        ).export(arrow)

    def __repr__(self) -> str:
        return f"<IngestReport: {self._summary()}>"

    def _summary(self) -> str:
        """The numbers of files, entries and posts, in a line."""
        posts = f"{self.full + self.teasers:,} posts"
        kinds = f"{self.full:,} full, {self.teasers:,} teasers, {self.undated:,} undated"
        return f"{len(self.files):,} files, {self.entries:,} entries, {posts} ({kinds})"

    def _repr_html_(self) -> str:
        """The report as the command line has it: posts, lines by kind, problems and repairs."""
        counts = {UNRECOGNISED: 0} | self.kinds()
        order = sorted(counts, key=lambda kind: (kind == UNRECOGNISED, -counts[kind], kind))
        lines = markup.table(("lines", "kind"), [(f"{counts[kind]:,}", kind) for kind in order])
        notes = [
            *(
                f"Not read: {file.path}: {file.problem}"
                for file in self.problems[: markup.MAX_ROWS]
            ),
            *(
                f"Repaired: {repair.path}:{repair.line}: {repair.name} '{repair.removed}' cut off"
                for repair in self.repairs[: markup.MAX_ROWS]
            ),
        ]
        return markup.paragraph(self._summary()) + lines + "".join(map(markup.paragraph, notes))

    def to_json(self) -> dict[str, Any]:
        """The report as JSON types: the counts, all repairs, problems and unrecognised lines."""
        return {
            "files": len(self.files),
            "entries": self.entries,
            "posts": self.full + self.teasers,
            "full": self.full,
            "teasers": self.teasers,
            "undated": self.undated,
            "lines": dict(sorted(self.kinds().items())),
            "repairs": [
                {"path": r.path, "line": r.line, "repair": r.name, "removed": r.removed}
                for r in self.repairs
            ],
            "problems": [{"path": f.path, "reason": f.problem} for f in self.problems],
            "unrecognised": [
                {"path": path, "line": line.number, "note": line.note}
                for path, line in self.unrecognised()
            ],
        }
