"""Errors that a user can mend: each is one message, shown without a traceback."""

import contextlib
import sys
import unicodedata

LONGEST = 500  # characters that a message repeats of what somebody wrote


class StudyError(Exception):
    """Says where, what was given, what is allowed, and the nearest right thing."""


@contextlib.contextmanager
def reported(step):
    """End the process with the message of a StudyError or of the operating system."""
    try:
        yield
    except (StudyError, OSError) as error:
        sys.exit(f"{step}: {error}")


def one_line(text):
    """The beginning of what somebody wrote, on one line, with nothing that moves a cursor."""
    beginning = "".join(sign if sign.isprintable() else escaped(sign) for sign in text[:LONGEST])
    return beginning if len(text) <= LONGEST else f"{beginning} …"


def escaped(sign):
    """A line break as \\n, and so on; a space that is wide or narrow or does not break as it is."""
    return sign if unicodedata.category(sign) == "Zs" else sign.encode("unicode_escape").decode()


def not_utf8(error):
    """What a UnicodeDecodeError says, with the line."""
    line = error.object.count(b"\n", 0, error.start) + 1
    return f"line {line} holds the byte {error.object[error.start]:#04x}, which is no UTF-8"
