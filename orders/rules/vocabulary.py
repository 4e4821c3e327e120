"""The words that rule files use: units, purposes, kinds of entries, standards of proof, audiences."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class Unit(StrEnum):
    """What an offset counts. `next_open_day`, `indefinite` and `as_ordered` count nothing and take no amount.

    `as_ordered`: the law leaves the time to the court. The rule gives no deadline until a court sets a value.
    """

    ELAPSED_HOURS = "elapsed_hours"
    CALENDAR_DAYS = "calendar_days"
    COURT_DAYS = "court_days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"
    YEARS = "years"
    NEXT_OPEN_DAY = "next_open_day"
    INDEFINITE = "indefinite"
    AS_ORDERED = "as_ordered"


#: Units that count nothing.
UNITS_WITHOUT_AMOUNT = (Unit.NEXT_OPEN_DAY, Unit.INDEFINITE, Unit.AS_ORDERED)


class Purpose(StrEnum):
    """Why a checkpoint looks at its deadline, or that it announces an event without one."""

    REMIND = "remind"
    CHECK = "check"
    ESCALATE = "escalate"
    INFORM = "inform"


class SourceStatus(StrEnum):
    """How well the source of a value is known: read, quoted by others, or remembered."""

    SEEN = "seen"
    SECOND_HAND = "second_hand"
    RECOLLECTION = "recollection"


class Certainty(StrEnum):
    """Whether lawyers agree on the reading."""

    CERTAIN = "certain"
    DEBATABLE = "debatable"


class Pick(StrEnum):
    """Which of several starting events a rule runs from."""

    FIRST = "first"
    LATEST = "latest"
    EACH = "each"


class Anchor(StrEnum):
    """What a checkpoint counts from."""

    DUE = "due"
    OPENS = "opens"


class DatedBy(StrEnum):
    """Which day decides the value in force: the day of issue or the day of the starting event."""

    ISSUED = "issued"
    START = "start"


class EntryType(StrEnum):
    """What a rule without a time of its own is in the product.

    `order_condition`: what a judge may order. `requirement`: what must be true before something may happen.
    """

    ORDER_CONDITION = "order_condition"
    REQUIRED_NOTICE = "required_notice"
    REQUIRED_DOCUMENT = "required_document"
    RECIPIENTS = "recipients"
    FILERS = "filers"
    PROOF = "proof"
    RETURN = "return"
    REQUIREMENT = "requirement"
    INFORMATION = "information"
    COMPUTATION = "computation"
    CONFIDENTIALITY = "confidentiality"


class FirearmRecipient(StrEnum):
    """Who may take a firearm from the respondent."""

    LAW_ENFORCEMENT = "law_enforcement"
    LICENSED_DEALER = "licensed_dealer"
    THIRD_PARTY = "third_party"
    TRUE_OWNER = "true_owner"


class Filer(StrEnum):
    """Who asked the court for the order."""

    LAW_ENFORCEMENT = "law_enforcement"
    STATES_ATTORNEY = "states_attorney"
    ATTORNEY_GENERAL = "attorney_general"
    INTIMATE_PARTNER = "intimate_partner"
    HOUSEHOLD_MEMBER = "household_member"
    HEALTH_WORKER = "health_worker"
    SCHOOL = "school"
    LICENSING_AUTHORITY = "licensing_authority"
    OTHER_PERSON = "other_person"


class StandardOfProof(StrEnum):
    """How convinced the court must be."""

    REASONABLE_GROUNDS = "reasonable_grounds"
    REASONABLE_CAUSE = "reasonable_cause"
    PROBABLE_CAUSE = "probable_cause"
    PREPONDERANCE = "preponderance"
    CLEAR_AND_CONVINCING = "clear_and_convincing"

    def exceeds(self, other: StandardOfProof) -> bool:
        """True if it requires more than `other`. The three standards of cause count as equal."""
        return self.rank > other.rank

    @property
    def rank(self) -> int:
        """0 for the three standards of cause, 1 for preponderance, 2 for clear and convincing evidence."""
        return {StandardOfProof.PREPONDERANCE: 1, StandardOfProof.CLEAR_AND_CONVINCING: 2}.get(self, 0)


class ReturnRequirement(StrEnum):
    """What must be true before a firearm goes back to the respondent.

    The order's facts show whether the order is over; a person confirms the others.
    """

    ORDER_OVER = "order_over"
    NO_OTHER_ORDER = "no_other_order"
    REQUESTED = "requested"
    BACKGROUND_CHECK = "background_check"
    ELIGIBLE = "eligible"
    LAWFUL_AT_SURRENDER = "lawful_at_surrender"
    COURT_CONFIRMATION = "court_confirmation"
    COURT_RELEASE = "court_release"
    NOT_DANGEROUS = "not_dangerous"
    FAMILY_NOTIFIED = "family_notified"
    STATE_APPLICATION = "state_application"


#: The effective date of a value that is older than every order here; its beginning was not looked up.
LONG_AGO = date(1900, 1, 1)

#: Who a checkpoint notifies. Each audience is resolved to people when the checkpoint fires.
AUDIENCES = frozenset(
    {
        "court",
        "respondent_police",
        "service_police",
        "supervisor",
        "state_police",
        "marshal",
        "prosecutor",
        "licensing",
        "school",
        "advocate",
        "protected_person",
    }
)
