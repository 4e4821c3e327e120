"""What the services of this app refuse. A class's docstring is its message."""

from __future__ import annotations


class LastAdministrator(Exception):  # noqa: N818 - it names the fact
    """Nobody would be left to administer accounts. Give another active person the role first."""

    def __str__(self) -> str:
        return str(self.__doc__)
