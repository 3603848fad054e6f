"""Every error that tipsearch raises on purpose, as one tree.

    TipsearchError                the parent: catch this one
    ├── SettingError              a setting, limit or step name that cannot be used
    ├── EmptyQueryError           a query without a single character to search for
    ├── SourceError               a source that is missing, or that holds no post at all
    │   └── LineError             a line that is not in the layout of its file
    ├── DuplicateIdError          two posts with one id
    ├── ExtraMissing              a part of tipsearch that is installed apart
    ├── CorpusError               posts that do not have what was asked for, such as dates
    ├── NotEnoughMemory           the work needs more memory than there is
    ├── LookupFailed              a title or id that names no single post
    │   ├── PostNotFound          nothing fits; `nearest` offers titles
    │   └── AmbiguousTitle        several posts fit; `candidates` lists them
    └── StorageError              the folder of an index
        ├── IndexNotFound         it holds no index yet
        ├── IndexClosed           it was closed, or what was pickled of it is gone
        ├── IndexCorrupt          what it holds is not what was written
        ├── IndexUnreadable       the system does not let it be read
        ├── IndexFormatError      it was written in another format than this version reads
        ├── IndexLocked           another build is writing there
        ├── IndexChanged          another build has published there meanwhile
        └── IndexWriteError       it cannot be written: read-only, disk full, not a folder

The message is one line: what happened, where, and what to do next. The facts are fields too, and
both survive pickling, so that errors reach the caller from other processes.
"""

import errno
import pickle
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tipsearch.corpus.post import Post


class TipsearchError(Exception):
    """Parent of all errors that tipsearch raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        facts = {name: _picklable(fact) for name, fact in vars(self).items()}
        return _restored, (type(self), self.args, facts)


def _restored(kind: type[TipsearchError], args: tuple[Any, ...], facts: dict[str, Any]) -> Any:
    """The error with this message and these facts, whatever its constructor takes."""
    error = kind.__new__(kind, *args)
    vars(error).update(facts)
    return error


def _picklable(fact: Any) -> Any:
    """The fact, or how it is shown where it cannot be pickled, as a function given by a caller."""
    try:
        pickle.dumps(fact)
    except Exception:
        return repr(fact)
    return fact


class SettingError(TipsearchError):
    """A setting that cannot be used; `name` and `value` say which."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        self.name, self.value, self.expected = name, value, expected
        super().__init__(f"{name} cannot be {value!r}: it must be {expected}")


class EmptyQueryError(TipsearchError):
    """A query of white space only, or of nothing."""

    def __init__(self) -> None:
        super().__init__(
            'the query is empty: give it some words, such as "angry customer on the phone"'
        )


class SourceError(TipsearchError):
    """A source that cannot be used as a whole; `path` and `reason` say which and why."""

    def __init__(self, path: str, reason: str, advice: str) -> None:
        self.path, self.reason, self.advice = path, reason, advice
        super().__init__(f"{path}: {reason}; {advice}")


class LineError(SourceError):
    """A line that is not in the layout of its file; `line` counts from 1."""

    def __init__(self, path: str, line: int, reason: str, advice: str) -> None:
        super().__init__(f"{path}:{line}", reason, advice)
        self.path, self.line = path, line


class DuplicateIdError(TipsearchError):
    """Two posts with the same `id` were given to one index."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"two posts have the id {id!r}: ids must be unique within an index")


class ExtraMissing(TipsearchError):
    """What was asked for needs the extra of this name, and its `module` is not there."""

    def __init__(self, extra: str, module: str, reason: str = "") -> None:
        self.extra, self.module = extra, module
        super().__init__(
            f"this needs {module}, {reason or 'which is not installed'}: "
            f'get it with: pip install "tipsearch[{extra}]"'
        )


class CorpusError(TipsearchError):
    """Posts that cannot give what was asked of them; `reason` says what they lack."""

    def __init__(self, outcome: str, reason: str, advice: str) -> None:
        self.reason, self.advice = reason, advice
        super().__init__(f"{outcome}: {reason}; {advice}")


class NotEnoughMemory(TipsearchError):
    """There is not enough memory; `reason` says what came of that."""

    def __init__(self, reason: str = "there is not enough memory") -> None:
        self.reason = reason
        advice = "free some, raise the limit on it (ulimit -v), or give smaller files"
        super().__init__(f"{reason}: {advice}")


class LookupFailed(TipsearchError, LookupError):
    """Parent of the two ways in which a title or id can fail to name one post.

    `reason` says which, and the message goes on with the posts that may have been meant.
    """

    def __init__(self, reason: str, advice: str) -> None:
        self.reason = reason
        super().__init__(f"{reason}; {advice}")


class PostNotFound(LookupFailed):
    """No post fits `wanted`; `nearest` holds the posts with the most similar titles."""

    def __init__(self, wanted: str, nearest: Sequence["Post"]) -> None:
        self.wanted, self.nearest = wanted, tuple(nearest)
        self.reason = f"no post has the id, title or date {wanted!r}"
        hint = "try a few words of it with: tipsearch query"
        super().__init__(self.reason, f"the nearest are {_listed(nearest)}" if nearest else hint)


class AmbiguousTitle(LookupFailed):
    """`count` posts fit `wanted`; `candidates` holds the first of them, in order of id."""

    def __init__(self, wanted: str, candidates: Sequence["Post"], count: int) -> None:
        self.wanted, self.candidates, self.count = wanted, tuple(candidates), count
        self.reason = f"{count:,} posts fit {wanted!r}"
        more = f" and {count - len(self.candidates):,} more" * (count > len(self.candidates))
        super().__init__(self.reason, f"give one by its id: {_listed(candidates)}{more}")


def _listed(posts: Sequence["Post"]) -> str:
    return ", ".join(f"{post.label!r} ({post.id})" for post in posts)


class StorageError(TipsearchError):
    """Parent of what can be wrong with the folder of an index; `folder` names it."""

    def __init__(self, folder: str, message: str) -> None:
        self.folder = folder
        super().__init__(message)


class IndexNotFound(StorageError):
    """The folder holds no index yet."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder, f"no index in {folder!r}: make one with: tipsearch index SOURCE")


class IndexClosed(StorageError):
    """The index was closed, or another has taken the place of the one that was pickled."""

    def __init__(self, folder: str, reason: str) -> None:
        self.reason = reason
        super().__init__(folder, f"the index in {folder!r} {reason}: open it again")


class IndexCorrupt(StorageError):
    """A `file` or part of the index is not what was written; `reason` says in what way."""

    def __init__(self, folder: str, file: str, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(
            folder,
            f"the index in {folder!r} is damaged ({file}: {reason}): "
            "make it anew with: tipsearch index SOURCE",
        )


class IndexUnreadable(StorageError):
    """The system does not let `file` of the index be read; `reason` is its own, `errno` its number.

    That is no damage: once the reason is gone, the index is what it was.
    """

    def __init__(self, folder: str, file: str, reason: str, errno: int | None = None) -> None:
        self.file, self.reason, self.errno = file, reason, errno
        what = advice(errno) or "see to that, or name another index with --index"
        where = f"cannot read the index in {folder!r} ({file}: {reason})"
        super().__init__(folder, f"{where}: {what}")


class IndexFormatError(StorageError):
    """The index has the format number `found`; this version reads `supported`."""

    def __init__(self, folder: str, found: object, supported: int) -> None:
        self.found, self.supported = found, supported
        super().__init__(
            folder,
            f"the index in {folder!r} has format {found!r} and this tipsearch reads {supported}: "
            "make it anew with: tipsearch index SOURCE",
        )


class IndexLocked(StorageError):
    """Another build held the folder for all of the `seconds` that this one waited."""

    def __init__(self, folder: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            folder,
            f"another build is writing to {folder!r} and did not end within {seconds:g} s: "
            "try again when it has",
        )


class IndexChanged(StorageError):
    """The index to be replaced is not the live one any more: another build came first."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder, f"another build has changed the index in {folder!r}: try again")


class IndexWriteError(StorageError):
    """The folder cannot be written; `reason` is the system's. An older index there stays live."""

    def __init__(self, folder: str, reason: str, errno: int | None = None) -> None:
        self.reason, self.errno = reason, errno
        what = advice(errno) or "choose another folder with --index"
        super().__init__(
            folder,
            f"cannot write the index to {folder!r} ({reason}): nothing in it was changed; {what}",
        )


_ACCESS = "ask its owner for the right to, or name another folder with --index"
_SPACE = "free some space or choose another folder with --index"
_ADVICE = {
    errno.EACCES: _ACCESS,
    errno.EPERM: _ACCESS,
    errno.EROFS: "choose another folder with --index",
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EMFILE: "close some files, or raise the limit on them (ulimit -n)",
    errno.ENFILE: "close some files, or raise the system's limit on them",
    errno.ENOMEM: "free some memory, or raise the limit on it (ulimit -v)",
    errno.EIO: "check the disk",
}


def advice(errno: int | None) -> str:
    """What to do about an error of the system of this number; empty where nobody can tell."""
    return _ADVICE.get(errno or 0, "")


def check_limit(limit: int) -> int:
    """The limit as an int. Raises SettingError unless it is a whole number from 1 on."""
    if type(limit) is int and limit > 0:
        return limit
    if isinstance(limit, bool) or not hasattr(limit, "__index__") or limit < 1:
        raise SettingError("limit", limit, "a whole number, at least 1")
    return limit.__index__()
