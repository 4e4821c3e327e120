"""What the court found about firearms at a hearing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from accounts.dates import format_day
from accounts.text import clean
from orders.errors import DoubtfulFact
from orders.models import CourtFinding, Firearm, FirearmFinding, Hearing, HearingOutcome, Order
from orders.services.correctable import NOTHING, Column
from orders.services.firearms.accounting import FirearmAccount, account_of
from orders.services.firearms.status import refresh_status
from orders.services.one_round import refuse
from orders.services.planning.load_inventories import ABOUT_COMPLIANCE
from orders.services.planning.order_span import is_served_by
from orders.services.validation import need_one_of

#: The outcomes after which something is still due from the respondent.
NOT_COMPLIANT = (HearingOutcome.NON_COMPLIANT, HearingOutcome.CONTEMPT, HearingOutcome.WARRANT)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFinding:
    """What the court found about one listed firearm; without one, about `count` that are alleged only."""

    finding: str
    firearm: Firearm | None = None
    count: int = 1
    note: str = ""

    @property
    def accounts(self) -> bool:
        """True if the firearm is accounted for by it."""
        return self.finding != CourtFinding.STILL_HELD


def findable(order: Order, *, corrected: Hearing | None = None) -> tuple[list[Firearm], int]:
    """Return the firearms that the court can find something about, and how many more that are not listed.

    They are open. If the findings of a hearing are `corrected`, it is also what they are about now.
    """
    account = account_of(order, without=corrected)
    stored = list(corrected.findings.select_related("firearm")) if corrected else []
    named = [one.firearm for one in stored if one.firearm and one.firearm not in account.open_items]
    unlisted = sum(one.count for one in stored if one.firearm is None)
    return [*account.open_items, *named], max(account.unlisted, unlisted)


def check_findings(
    order: Order, outcome: str, findings: Sequence[NewFinding], *, corrected: Hearing | None = None
) -> None:
    """Raise `InvalidFact` for a finding about something that is not open.

    Also for the outcome “Compliant” if something stays open. The findings of the hearing `corrected` are
    those that are replaced.
    """
    if outcome == HearingOutcome.VACATED and findings:
        refuse(
            "findings", "not_held", "At a canceled hearing the court found nothing. Leave the findings out."
        )
    firearms, unlisted = findable(order, corrected=corrected)
    seen: set[int | None] = set()
    for one in findings:
        need_one_of("findings", "unknown_finding", one.finding, CourtFinding.values)
        key = one.firearm.pk if one.firearm else None
        if key in seen:
            refuse("findings", "duplicate_finding", f"Give one finding for {one.firearm or 'these'}.")
        seen.add(key)
        if one.firearm is not None and one.firearm not in firearms:
            refuse(
                "findings",
                "not_open",
                f"{one.firearm}: it is accounted for, or not on the list of this case. Leave it out.",
            )
        if one.firearm is None and not 1 <= one.count <= unlisted:
            refuse(
                "findings",
                "not_open",
                f"The application alleges {unlisted} firearms that are not on the list. Correct the number.",
            )
    account = account_of(order, without=corrected)
    if outcome == HearingOutcome.COMPLIANT and (still_open := _still_open(account, findings)):
        refuse(
            "findings",
            "findings_required",
            f"Not accounted for: {'; '.join(still_open)}. For the outcome “Compliant”, enter what the court "
            "found about each. If the respondent still holds one, the outcome is another.",
        )


def doubts_about_findings(
    hearing: Hearing,
    findings: Sequence[NewFinding],
    *,
    corrected: Hearing | None = None,
    only_day: bool = False,
) -> list[DoubtfulFact]:
    """Return the doubts about an unsaved hearing that was held, with its findings.

    With `only_day`, nothing but the day of the hearing is corrected.
    """
    doubts: list[DoubtfulFact] = []
    if (
        not only_day
        and hearing.outcome in NOT_COMPLIANT
        and any(one.accounts for one in findings)
        and not _still_open(account_of(hearing.order, without=corrected), findings)
    ):
        doubts.append(
            DoubtfulFact(
                "outcome",
                "nothing_open",
                "By these findings no firearm is left to account for, and the surrender duty is met. Correct "
                "the findings or the outcome, or give the reason to continue.",
            )
        )
    is_word = hearing.outcome == HearingOutcome.COMPLIANT and hearing.purpose in ABOUT_COMPLIANCE
    if (is_word or any(one.accounts for one in findings)) and (doubt := _doubt_before_service(hearing)):
        doubts.append(doubt)
    return doubts


def _doubt_before_service(hearing: Hearing) -> DoubtfulFact | None:
    if hearing.held_on is None or is_served_by(hearing.order, hearing.held_on):
        return None
    return DoubtfulFact(
        "held_on",
        "before_service",
        f"The order was not served by {format_day(hearing.held_on)}, so what the court found then does not "
        "count for the surrender. Correct the day, record the service first, or give the reason to continue.",
    )


def check_correction(hearing: Hearing, *, former: Hearing) -> list[DoubtfulFact]:
    """Check the corrected outcome, day and findings of a hearing as those of a new one; return the doubts.

    Raises `InvalidFact`.
    """
    findings = findings_of(hearing)
    is_other = former.outcome != hearing.outcome or FINDINGS.value(former) != FINDINGS.value(hearing)
    if is_other:
        check_findings(hearing.order, hearing.outcome, findings, corrected=former)
    elif former.held_on == hearing.held_on:
        return []
    return doubts_about_findings(hearing, findings, corrected=former, only_day=not is_other)


def findings_of(hearing: Hearing) -> list[NewFinding]:
    """Return the findings of a hearing. Those of an unsaved correction are in its attribute `found`."""
    if hasattr(hearing, "found"):
        found: list[NewFinding] = hearing.found
        return found
    return [
        NewFinding(finding=one.finding, firearm=one.firearm, count=one.count, note=one.note)
        for one in hearing.findings.select_related("firearm")
    ]


class _FindingsColumn(Column):
    """What the court found at a hearing that was held."""

    @override
    def set(self, row: Any, changes: Mapping[str, Any]) -> None:
        if self.name in changes:
            row.found = list(changes[self.name])

    @override
    def value(self, row: Any) -> list[tuple[int, int, str, str]]:
        return sorted(
            (one.firearm.pk if one.firearm else 0, one.count, str(one.finding), clean(one.note))
            for one in findings_of(row)
        )

    @override
    def words(self, row: Any) -> str:
        told = in_words(findings_of(row)).items()
        return "; ".join(f"{item}: {finding}" for item, finding in told) or NOTHING


#: As a correction of the hearing takes them.
FINDINGS = _FindingsColumn(name="findings", label="What the court found")


def _still_open(account: FirearmAccount, findings: Sequence[NewFinding]) -> list[str]:
    settled = {one.firearm.pk for one in findings if one.firearm and one.accounts}
    found = [str(one) for one in account.open_items if one.pk not in settled]
    unlisted = account.unlisted - sum(one.count for one in findings if not one.firearm and one.accounts)
    return [*found, *([f"{unlisted} alleged and not on the list"] if unlisted else [])]


def store_findings(hearing: Hearing, findings: Sequence[NewFinding]) -> dict[str, str]:
    """Store the findings of a hearing and the status that they give. Returns them in words."""
    # A hearing whose outcome was taken back may have findings of before.
    withdraw_findings(hearing)
    FirearmFinding.objects.bulk_create(
        FirearmFinding(
            order=hearing.order,
            hearing=hearing,
            firearm=one.firearm,
            count=one.count,
            finding=one.finding,
            note=clean(one.note),
        )
        for one in findings
    )
    refresh_status({one.firearm.pk for one in findings if one.firearm})
    return in_words(findings)


def in_words(findings: Sequence[NewFinding]) -> dict[str, str]:
    """Return what was found about which firearm, in words."""
    return {
        str(one.firearm) if one.firearm else f"{one.count} alleged and not on the list": str(
            CourtFinding(one.finding).label
        )
        for one in findings
    }


def withdraw_findings(hearing: Hearing) -> None:
    """Delete the findings of a hearing whose outcome is taken back. Call it inside `changing`."""
    rows = FirearmFinding.objects.filter(hearing=hearing)
    firearms = [one.firearm_id for one in rows if one.firearm_id is not None]
    rows.delete()
    refresh_status(firearms)


def refresh_findings(hearing: Hearing) -> None:
    """Store corrected findings of a hearing, and the status that its findings give."""
    if hasattr(hearing, "found"):
        store_findings(hearing, hearing.found)
    refresh_status([one.firearm_id for one in hearing.findings.all() if one.firearm_id is not None])
