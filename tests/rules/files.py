"""Rule files for tests of loading: a small jurisdiction with one rule or one entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from orders.rules.loading import RulebookError, load

JURISDICTION = """\
id = "us_ct"
name = "Connecticut"
zone = "America/New_York"
"""

RULE = """\
jurisdiction = "us_ct"

[[rule]]
id = "CT-ONE"
title = "Something is done in time."
binds = [{ kind = "restraining_order" }]
starts = "issued"
actor = "court"
certainty = "certain"

[[rule.value]]
effective = 2010-01-01
due = { amount = 14, unit = "calendar_days" }
source_status = "seen"
sources = ["a statute"]

[[rule.value]]
effective = 2020-01-01
due = { amount = 7, unit = "calendar_days" }
source_status = "seen"
sources = ["another statute"]

[[rule.checkpoint]]
name = "check"
purpose = "check"
audience = ["court"]
"""

ENTRY = """\
jurisdiction = "us_ct"

[[entry]]
id = "CT-NOTE"
title = "Something holds."
type = "information"
sources = ["a statute"]
source_status = "seen"
"""


def refusal(folder: Path) -> str:
    with pytest.raises(RulebookError) as refused:
        load(folder)
    return str(refused.value)
