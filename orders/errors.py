"""What a person may have got wrong, said so that it can be put right."""

from __future__ import annotations


class InvalidFact(ValueError):  # noqa: N818 - read as a sentence: “raise InvalidFact”
    """A fact that cannot be stored. Nothing was.

    `field` is the field's name, `code` a stable word for programs, and the text says what is wrong with the
    value and what would be right. No person is named in it.
    """

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class NotYours(InvalidFact):
    """An act that is for the people of another agency to do. Nothing was done."""
