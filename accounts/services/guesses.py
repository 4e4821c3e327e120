"""When wrong guesses at an account shut out who guesses, and for how long: rules without a database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

#: This many wrong guesses within `WINDOW` lock the account against browsers that it does not know.
MAX_ATTEMPTS = 5
WINDOW = timedelta(minutes=15)
#: How far back the guesses from one network address count.
MEMORY = timedelta(hours=24)
#: The longest that one network address waits.
LONGEST_WAIT = timedelta(hours=8)


@dataclass(frozen=True)
class Guess:
    """An earlier guess: how long ago, from which network address, and in which known browser, if any."""

    age: timedelta
    address: str | None
    device: str
    was_wrong: bool


def is_refused(guesses: Iterable[Guess], *, address: str | None, device: str, is_locked: bool) -> bool:
    """Return True if the next guess is refused unchecked.

    A browser that the account knows counts its own guesses only, so that strangers cannot shut it out. Of all
    other browsers together the lock is asked, and of each network address how long it must wait.
    """
    made = list(guesses)
    if device:
        return count_recent(made, device=device) >= MAX_ATTEMPTS
    if is_locked or count_recent(made, device="") >= MAX_ATTEMPTS:
        return True
    wrong = sorted(one.age for one in made if one.was_wrong and not one.device and one.address == address)
    rounds = len(wrong) // MAX_ATTEMPTS
    # The wait runs from the guess that completed the latest round.
    return rounds > 0 and wrong[len(wrong) - rounds * MAX_ATTEMPTS] < wait_after(rounds)


def wait_after(rounds: int) -> timedelta:
    """Return how long an address waits after so many rounds of `MAX_ATTEMPTS` wrong guesses."""
    return min(WINDOW * (1 << min(rounds - 1, 10)), LONGEST_WAIT)


def count_recent(guesses: Iterable[Guess], *, device: str, wrong_only: bool = False) -> int:
    """Return the guesses within `WINDOW` in this browser; an empty `device` means all unknown browsers."""
    return sum(
        1
        for one in guesses
        if one.device == device and one.age < WINDOW and (one.was_wrong or not wrong_only)
    )
