"""Errors that a user can mend: each is one message, shown without a traceback."""

import contextlib
import sys


class StudyError(Exception):
    """Says where, what was given, what is allowed, and the nearest right thing."""


@contextlib.contextmanager
def reported(step):
    """End the process with the message of a StudyError or of the operating system."""
    try:
        yield
    except (StudyError, OSError) as error:
        sys.exit(f"{step}: {error}")
