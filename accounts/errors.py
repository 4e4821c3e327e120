"""Exceptions of the services of this app. A class's docstring is its message."""

from __future__ import annotations


class LastAdministrator(Exception):
    """This is the last active administrator. Give the role to another active person first."""

    def __str__(self) -> str:
        return str(self.__doc__)
