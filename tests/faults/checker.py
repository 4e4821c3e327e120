"""Compare what had to be sent with what was sent, like Jepsen's checker for Chronos.

Targets are the messages that the database says must be sent, each with the instant at which it is due. Runs
are the messages that an outside ledger recorded, with their times; the system under test cannot change the
ledger.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is wrong, by key. `late`: seconds between the due instant and the first run; `strange`: runs
    without a
    target."""

    lost: set[str] = field(default_factory=set)
    doubled: dict[str, int] = field(default_factory=dict)
    early: set[str] = field(default_factory=set)
    late: dict[str, float] = field(default_factory=dict)
    strange: set[str] = field(default_factory=set)


#: Nothing is wrong.
CLEAN = Verdict()


def judge(
    targets: Mapping[str, float],
    runs: Iterable[tuple[str, float]],
    *,
    within: float = math.inf,
    strangers: bool = False,
) -> Verdict:
    """Find what was lost, sent more than once, sent too early, or first sent more than `within` seconds late.

    Tests share a ledger, so runs without a target count as strange only with `strangers`.
    """
    sent: dict[str, list[float]] = {}
    for key, at in runs:
        sent.setdefault(key, []).append(at)
    first = {key: min(sent[key]) - due for key, due in targets.items() if key in sent}
    return Verdict(
        lost={key for key in targets if key not in sent},
        doubled={key: len(sent[key]) for key in first if len(sent[key]) > 1},
        early={key for key, after in first.items() if after < 0},
        late={key: after for key, after in first.items() if after > within},
        strange={key for key in sent if key not in targets} if strangers else set(),
    )
