"""Each act on a follow-up names the act that takes it back, or why it is final."""

from __future__ import annotations

import pytest

from orders.forms.follow_ups import FOLLOW_UP_ACTS


@pytest.mark.parametrize("name", sorted(FOLLOW_UP_ACTS))
def test_act_names_its_undo_or_why_it_is_final(name: str) -> None:
    act = FOLLOW_UP_ACTS[name]

    assert bool(act.undo) != bool(act.final)
    assert act.undo in ("", *FOLLOW_UP_ACTS)
