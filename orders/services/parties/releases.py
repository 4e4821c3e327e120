"""Confidentiality releases: record and revoke."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils.translation import gettext

from accounts.dates import format_day, format_instant
from accounts.models import Agency, AgencyKind, AuditEntry, Membership, User
from accounts.services.access.access_report import ABOUT_CASES
from accounts.text import clean, fold_words
from orders.errors import UnseenFact
from orders.matching.names import is_first_name
from orders.models import ConfidentialityRelease, Order, ReleasePurpose, ReleaseRequest
from orders.predicates import release_not_ended
from orders.services.change import changing
from orders.services.correctable import (
    ChoiceColumn,
    Column,
    Correctable,
    DayColumn,
    InstantColumn,
    YesNoColumn,
)
from orders.services.court_days import check_day_ahead, check_day_not_in_future, zone_of
from orders.services.one_round import refuse
from orders.services.said_before import ask_if_recorded
from orders.services.validation import need_offset, need_one_of

#: A release in force was replaced by a new one: `before`, `after`. Sent in the transaction of the new one.
release_renewed = Signal()

#: What a release may cover: the columns of the four answers about an order.
SCOPE = ("covers_service", "covers_firearms", "covers_hearings", "covers_ending")

#: Kinds of history entries about releases. Only people who see releases see them.
OF_RELEASES = ("release_recorded", "release_revoked", "release_corrected", "release_withdrawn")


#: The shortest word that is compared with names, in letters: initials are no name.
_SHORTEST_NAME = 3

#: The newest views of a case that a page lists.
MOST_VIEWS = 20

_SEEN = "The organization may have seen the order by this release, or was notified."


def record_release(
    order: Order,
    *,
    agency: Agency,
    signed_on: date,
    begins_at: datetime,
    ends_at: datetime,
    by: User | None,
    now: datetime,
    purpose: str = "",
    covers_service: bool = True,
    covers_firearms: bool = True,
    covers_hearings: bool = True,
    covers_ending: bool = True,
    confirm: str = "",
) -> ConfidentialityRelease:
    """Let the organization's advocates see the status of the order from `begins_at` until before `ends_at`.

    They see what the release covers, and nothing else. The history names neither the organization nor the
    person. Raises `InvalidFact`, and `DoubtfulFact` for one on record, unless `confirm` has a reason.
    """
    with changing(order, "release_recorded", by=by, now=now, reason=clean(confirm)) as change:
        release = ConfidentialityRelease(
            order=change.order,
            agency=agency,
            signed_on=signed_on,
            begins_at=begins_at,
            ends_at=ends_at,
            purpose=purpose,
            covers_service=covers_service,
            covers_firearms=covers_firearms,
            covers_hearings=covers_hearings,
            covers_ending=covers_ending,
            recorded_by=by,
        )
        check_release(release, now=now, confirm=confirm)
        release.save()
        change.data["release"] = str(release.public_id)
    return release


def check_release(release: ConfidentialityRelease, *, now: datetime, confirm: str = "") -> None:
    """Check the days of an unsaved release. Raises `InvalidFact` and `DoubtfulFact`."""
    check_day_not_in_future("signed_on", release.order, release.signed_on, now=now)
    check_scope([one for one in SCOPE if getattr(release, one)])
    need_offset("begins_at", release.begins_at)
    need_offset("ends_at", release.ends_at)
    for name in ("begins_at", "ends_at"):
        check_day_ahead(name, getattr(release, name).date(), now=now)
    if release.ends_at <= release.begins_at:
        refuse(
            "ends_at",
            "ends_before_it_begins",
            "The release would end before it begins. Correct one of the two.",
        )
    if release.ends_at <= now:
        refuse(
            "ends_at",
            "in_the_past",
            f"{format_instant(release.ends_at, zone_of(release.order))} is in the past. Enter a later end.",
        )
    if release.agency.kind != AgencyKind.ADVOCACY:
        refuse("agency", "not_advocacy", "A release is to an advocacy organization. Choose one.")
    need_one_of("purpose", "unknown_purpose", release.purpose, ["", *ReleasePurpose.values])
    before = ConfidentialityRelease.objects.filter(pk=release.pk).select_related("order__case").first()
    if before is not None and before.agency_id != release.agency_id and is_seen(before):
        refuse(
            "agency",
            "revoke_instead",
            f"{_SEEN} Revoke it instead, and record one to the right organization.",
        )
    if release.revoked_at is not None:
        refuse("release", "already_ended", "This release was revoked. Record a new one instead.")
    # One that is recorded twice would go on when the other is revoked.
    told = ("begins_at", "ends_at", "agency_id", "purpose")
    ask_if_recorded(
        release, told, words=RELEASE.words, confirm=confirm, among=lambda one: one.revoked_at is None
    )


def check_scope(covered: Collection[str]) -> None:
    """Refuse a release that covers nothing. Raises `InvalidFact`."""
    if not covered:
        message = gettext("Choose at least one thing that the release covers.")
        refuse("covers_service", "covers_nothing", message)


def not_ended(order: Order) -> QuerySet[ConfidentialityRelease]:
    """Releases of the order that are in force or begin later."""
    rows = ConfidentialityRelease.objects.filter(release_not_ended(), order=order)
    return rows.select_related("agency", "order")


def revoke_release(
    release: ConfidentialityRelease, *, by: User | None, now: datetime
) -> ConfidentialityRelease:
    """End the release now, by the database's clock. Raises `InvalidFact`."""
    with changing(release.order, "release_revoked", by=by, now=now) as change:
        row = ConfidentialityRelease.objects.select_related("agency").get(pk=release.pk)
        if row.has_ended(now):
            refuse("release", "already_ended", "This release has already ended.")
        row.order = change.order
        row.revoked_at = Now()
        row.save(update_fields=["revoked_at"])
        row.refresh_from_db(fields=["revoked_at"])
        change.data["release"] = str(row.public_id)
    return row


def set_alias(release: ConfidentialityRelease, *, alias: str) -> None:
    """Store what the advocate calls the client. It is in no history: it belongs to the organization.

    Raises `UnseenFact` for what looks like a name, and in the same words for a name of the case, so that the
    answer does not show which it was. It counts as a refused look-up: no one finds a name by guessing.
    """
    given = clean(alias)
    if given and _is_like_a_name(release.order, given):
        message = gettext("This looks like the name of a person. Choose another word, such as “Blue Heron”.")
        raise UnseenFact("alias", "looks_like_a_name", message)
    release.alias = given
    release.save(update_fields=["alias"])


def _is_like_a_name(order: Order, alias: str) -> bool:
    """True if a word is a common first name, or of the name of a person of the order."""
    words = {one for one in fold_words(alias) if len(one) >= _SHORTEST_NAME}
    people = [order.case.respondent.name, *(one.name for one in order.protected_persons.all())]
    named = {word for name in people for word in fold_words(name)}
    return bool(words & named) or any(is_first_name(word) for word in words)


def is_seen(release: ConfidentialityRelease) -> bool:
    """True if the organization may have seen anything by the release.

    An alert or a safe contact belongs to it, or the access log has a view of the case by someone of the
    organization, or by someone who is not of an agency of the order any more.
    """
    for related in release._meta.related_objects:
        if related.related_model is ReleaseRequest:
            # The request came before the release.
            continue
        if related.related_model._default_manager.filter(**{related.field.name: release}).exists():
            return True
    views = AuditEntry.objects.filter(
        action__in=ABOUT_CASES,
        cases__contains=[release.order.case.public_id],
        at__gte=release.begins_at,
        actor__isnull=False,
    )
    members = Membership.objects.filter(agency__in=release.order.order_agencies.values("agency"))
    theirs = Membership.objects.filter(agency=release.agency_id)
    return views.filter(Q(actor__in=theirs.values("user")) | ~Q(actor__in=members.values("user"))).exists()


def views_under(release: ConfidentialityRelease) -> list[AuditEntry]:
    """Return when the organization's people opened the case since the release began, the newest first."""
    theirs = Membership.objects.filter(agency=release.agency_id)
    views = AuditEntry.objects.filter(
        action__in=ABOUT_CASES,
        cases__contains=[release.order.case.public_id],
        at__gte=release.begins_at,
        actor__in=theirs.values("user"),
    )
    return list(views.select_related("actor").order_by("-at", "-id")[:MOST_VIEWS])


def _check_unseen(release: ConfidentialityRelease) -> None:
    """Raise `InvalidFact` for a release by which something was seen: that cannot be unseen."""
    if is_seen(release):
        refuse(
            "release",
            "revoke_instead",
            f"{_SEEN} Revoke it instead, and record the right one.",
        )


RELEASE = Correctable(
    name="release",
    model=ConfidentialityRelease,
    noun="release",
    words=lambda row: f"release signed {format_day(row.signed_on)}",
    columns=(
        # The history names no organization.
        Column(name="agency", label="Organization", is_private=True),
        DayColumn(name="signed_on", label="Signed on"),
        InstantColumn(name="begins_at", label="Begins"),
        InstantColumn(name="ends_at", label="Ends"),
        ChoiceColumn(name="purpose", label="Purpose"),
        YesNoColumn(name="covers_service", label="Covers service"),
        YesNoColumn(name="covers_firearms", label="Covers firearms"),
        YesNoColumn(name="covers_hearings", label="Covers hearings"),
        YesNoColumn(name="covers_ending", label="Covers the end of the order"),
    ),
    check=check_release,
    check_withdrawable=_check_unseen,
)
