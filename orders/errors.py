"""Errors about what a person entered, with the remedy."""

from __future__ import annotations


class InvalidFact(ValueError):
    """A fact that cannot be stored. Nothing was stored.

    `field` is the name of the field, `code` a stable word for programs, and `message` states the problem and
    the remedy. It never names a person. `others` are more refusals of the same input: a form shows them
    together.
    """

    others: tuple[InvalidFact, ...] = ()

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class NotYours(InvalidFact):
    """An act that is for the people of another agency to do. Nothing was done."""


class UnseenFact(InvalidFact):
    """A fact that clashes with something that the person may not see. It counts as a refused look-up."""


class DoubtfulFact(InvalidFact):
    """A fact that may be true but needs a person to confirm it with a reason. Nothing was stored.

    If its `others` are doubts too, one reason answers all of them.
    """
