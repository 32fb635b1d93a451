"""Errors that a user can correct: each is one message, shown without a traceback."""

import contextlib
import sys
import unicodedata
from collections.abc import Iterator

LONGEST = 500  # the characters of a user's text that a message repeats at most


class StudyError(Exception):
    """An error whose message says where it is, what was given and what is allowed.

    Where a name is wrong, the message adds the nearest right one.
    """


@contextlib.contextmanager
def reported(step: str) -> Iterator[None]:
    """End the process with the message of a StudyError or of the operating system."""
    try:
        yield
    except (StudyError, OSError) as error:
        sys.exit(f"{step}: {error}")


def one_line(text: str) -> str:
    """Return the beginning of a user's text on one line, with control characters escaped."""
    beginning = "".join(_escaped(character) for character in text[:LONGEST])
    return beginning if len(text) <= LONGEST else f"{beginning} …"


def _escaped(character: str) -> str:
    # Wide, narrow and no-break spaces do not count as printable, but are harmless.
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode()


def not_utf8(error: UnicodeDecodeError) -> str:
    """Return the message of a UnicodeDecodeError, with the line."""
    line = error.object.count(b"\n", 0, error.start) + 1
    return f"line {line} holds the byte {error.object[error.start]:#04x}, which is not UTF-8"
