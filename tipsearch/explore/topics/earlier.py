"""Which topics were there before? Read from what `tipsearch topics --json` printed then."""

from __future__ import annotations

from tipsearch.corpus.textfile import File, json_object, lines, shown
from tipsearch.errors import LineError

ADVICE = "give a file that tipsearch topics --json has written"


def read_numbers(path: File) -> dict[str, int]:
    """The number of the topic of each post by id, as `Index.topics` takes them for `older`.

    A line is what `Topics.to_json` gives of a topic: of it, `topic` is read, a whole number from 1
    on that no other line has, and `posts`, ids of which none is in two topics. Raises SourceError
    and LineError.
    """
    numbers: dict[str, int] = {}
    seen: set[int] = set()
    for number, line in lines(path, "topic", ADVICE):
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
            raise LineError(shown(path), number, str(error), ADVICE) from None
    return numbers


def _topic(line: str) -> tuple[int, list[str]]:
    data = json_object(line)
    topic, posts = data.get("topic"), data.get("posts")
    if not isinstance(topic, int) or isinstance(topic, bool) or topic < 1:
        raise ValueError('no topic: an object with "topic", a number from 1 on')
    if not isinstance(posts, list) or not all(isinstance(id, str) for id in posts):
        raise ValueError('a topic without "posts", a list of ids')
    return topic, posts
