"""The error that an embedded server is not available, with a sentence for the terminal."""

from __future__ import annotations

from pathlib import Path


class Unavailable(Exception):
    """An embedded server is not available. The text gives the reason and the remedy."""


def not_writable(folder: Path, error: OSError) -> Unavailable:
    """Return the error for a folder that cannot be written to."""
    return Unavailable(
        f"The folder {folder} is not writable ({error.strerror})."
        " Make it writable, or set CTC_LOCAL to another folder."
    )
