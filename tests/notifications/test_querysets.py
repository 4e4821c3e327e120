"""Constants that querysets cannot import from the models."""

from __future__ import annotations

from notifications import querysets
from notifications.models import AlertState


def test_withdrawn_is_the_state_of_that_name() -> None:
    assert querysets.WITHDRAWN == AlertState.WITHDRAWN
