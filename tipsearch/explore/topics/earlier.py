"""Reader of the output of `tipsearch topics --json`: the topic number of each post."""

from __future__ import annotations

from tipsearch.corpus.textfile import FilePath, display_name, nonblank_lines, parse_json_object
from tipsearch.errors import LineError

ADVICE = "give a file that tipsearch topics --json has written"


def read_numbers(path: FilePath) -> dict[str, int]:
    """Return the topic number of each post by id, as `Index.topics` takes it for `older`.

    Each line is a topic as `Topics.to_json` gives it. `topic`, a whole number from 1 on, and
    `posts`, a list of ids, are read; no number and no id may come twice. Raises SourceError and
    LineError.
    """
    numbers: dict[str, int] = {}
    seen: set[int] = set()
    for number, line in nonblank_lines(path, "topic", ADVICE):
        try:
            topic, posts = _topic(line)
            if topic in seen:
                raise ValueError(f"a second topic {topic}")
            seen.add(topic)
            for id in posts:
                if id in numbers:
                    raise ValueError(f"the post {id!r} is in two topics")
                numbers[id] = topic
        except (ValueError, RecursionError) as error:
            raise LineError(display_name(path), number, str(error), ADVICE) from None
    return numbers


def _topic(line: str) -> tuple[int, list[str]]:
    """The number and the ids of a line; ValueError where they are not as they should be."""
    data = parse_json_object(line)
    topic, posts = data.get("topic"), data.get("posts")
    if not isinstance(topic, int) or isinstance(topic, bool) or topic < 1:
        raise ValueError('no topic: an object with "topic", a number from 1 on')
    if not isinstance(posts, list) or not all(isinstance(id, str) for id in posts):
        raise ValueError('a topic without "posts", a list of ids')
    return topic, posts
