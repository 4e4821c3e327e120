"""What a reader of the terminal is told, in one sentence, when an embedded server cannot be had."""

from __future__ import annotations

from pathlib import Path


class Unavailable(Exception):  # noqa: N818
    """An embedded server cannot be had; the text says why and what helps."""


def not_writable(folder: Path, error: OSError) -> Unavailable:
    """The refusal of a folder that nothing can be written to."""
    return Unavailable(
        f"The folder {folder} is not writable ({error.strerror})."
        " Make it writable, or set CTC_LOCAL to another folder."
    )
