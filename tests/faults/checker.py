"""What became of all that had to happen, in the manner of Jepsen's checker for Chronos.

Targets are what is on record as having to be told, with the instant from which on it is due. Runs are what an
outside ledger, which nobody here can take anything back from, says was told, and when.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is wrong, by key. `late`: how many seconds after its due instant the first run was; `strange`:
    runs that nobody asked for."""

    lost: set[str] = field(default_factory=set)
    doubled: dict[str, int] = field(default_factory=dict)
    early: set[str] = field(default_factory=set)
    late: dict[str, float] = field(default_factory=dict)
    strange: set[str] = field(default_factory=set)


#: What a test asks for that allows nothing.
CLEAN = Verdict()


def judge(
    targets: Mapping[str, float],
    runs: Iterable[tuple[str, float]],
    *,
    within: float = math.inf,
    strangers: bool = False,
) -> Verdict:
    """What is lost, told more than once, told too early, or first told more than `within` seconds late.

    A ledger that many tests share has runs of others: those count as strange only where `strangers` says so.
    """
    told: dict[str, list[float]] = {}
    for key, at in runs:
        told.setdefault(key, []).append(at)
    first = {key: min(told[key]) - due for key, due in targets.items() if key in told}
    return Verdict(
        lost={key for key in targets if key not in told},
        doubled={key: len(told[key]) for key in first if len(told[key]) > 1},
        early={key for key, after in first.items() if after < 0},
        late={key: after for key, after in first.items() if after > within},
        strange={key for key in told if key not in targets} if strangers else set(),
    )
