"""A protected person is notified only through the safe contact, and only while it is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.crypto import decrypt
from accounts.models import Agency, AgencyKind, Membership, Role, State, User
from notifications.models import SENDABLE, Alert, AlertState, ContactChannel, SafeContact, Via
from notifications.services.acknowledgments import acknowledge
from notifications.services.contacts import contacts
from notifications.services.contacts.contacts import ContactSettings, confirm, end, end_lapsed, set_contact
from notifications.services.delivery import outbox, sending, sms_opt_out, templates
from notifications.services.delivery.quiet_hours import seconds_to_wait
from notifications.services.firing.fire import Firer
from orders.errors import InvalidFact
from orders.models import Checkpoint, ConfidentialityRelease, HistoryEntry, Order
from orders.services.firearms import inventory
from orders.services.parties import releases
from tests import make
from tests.ledger import Ledger

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _text_messages(settings: Settings) -> None:
    """A provider of text messages is set."""
    settings.SMS_PROVIDERS = ["twilio"]


EMAIL = "quiet.heron@mail.example"
PHRASE = "The herons are back"


@dataclass
class Care:
    """An order that the surrender check of is due in an hour, and a release to an organization."""

    now: datetime
    order: Order
    organization: Agency
    advocate: User
    release: ConfidentialityRelease

    def set(self, **given: Any) -> SafeContact:
        """A safe contact, by default by email and with a phrase."""
        wish = ContactSettings(**{"channel": "email", "address": EMAIL, "phrase": PHRASE, **given})
        return set_contact(self.release, wish, by=self.advocate, now=self.now)

    def fire(self) -> None:
        """The surrender check fires."""
        Firer("test").fire(now=self.now + timedelta(minutes=61))

    def to_person(self) -> list[Alert]:
        """The alerts that are for the protected person."""
        return list(Alert.objects.filter(via__in=[Via.PROTECTED, Via.RELAY]).order_by("id"))


@pytest.fixture
def care(db: None) -> Care:
    return care_for()


def care_for(**given: Any) -> Care:
    """Care for an order, of Connecticut unless another court is given."""
    now = timezone.now()
    organization = make.agency(AgencyKind.ADVOCACY)
    order = make.served_order(now=now, ago=timedelta(hours=23), issued_at=now - timedelta(days=2), **given)
    inventory.list_firearm(order, source="application", serial="S-1", by=None, now=now)
    release = releases.record_release(
        order,
        agency=organization,
        signed_on=(now - timedelta(days=3)).date(),
        begins_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=30),
        by=None,
        now=now,
    )
    return Care(now, order, organization, make.person(Role.ADVOCATE, organization), release)


def sent(ledger: Ledger, address: str = EMAIL) -> list[str]:
    """What came to the address, after everything that is ready was sent."""
    Alert.objects.filter(state__in=SENDABLE).update(next_attempt_at=F("created_at"))
    sending.drain(worker="w")
    return [str(line["body"]) for line in ledger.lines() if line["to"] == [address]]


# ---- what is kept ------------------------------------------------------------------------------------------


def test_address_and_phrase_are_encrypted(care: Care) -> None:
    contact = care.set()

    assert decrypt(contact.encrypted_address) == EMAIL
    assert decrypt(contact.encrypted_phrase) == PHRASE
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM notifications_safecontact s")
        (row,) = cursor.fetchone()
    assert EMAIL not in row
    assert PHRASE not in row


def test_the_history_does_not_show_that_there_is_one(care: Care) -> None:
    before = HistoryEntry.objects.count()

    contact = care.set()
    confirm(contact, now=care.now)
    end(contact, now=care.now)

    assert HistoryEntry.objects.count() == before


def test_setting_another_wipes_the_one_before(care: Care) -> None:
    first, second = care.set(hours_from=time(10), hours_until=time(12)), care.set(channel="relay", **NOTHING)

    first.refresh_from_db()
    assert (first.encrypted_address, first.encrypted_phrase, first.hours_from) == ("", "", None)
    assert first.ended_at == care.now
    assert contacts.contact_of(care.release) == second


NOTHING = {"address": "", "phrase": ""}

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no address": ({"address": " "}, "address", "required"),
    "no email address": ({"address": "heron"}, "address", "invalid"),
    "an address of other letters": ({"address": "reiher@größe.example"}, "address", "invalid"),
    "an invalid number": ({"channel": "sms", "address": "12"}, "address", "invalid"),
    "an address for relay": ({"channel": "relay", "phrase": ""}, "address", "must_be_empty"),
    "a phrase for relay": ({"channel": "relay", "address": ""}, "phrase", "must_be_empty"),
    "an unknown channel": ({"channel": "pigeon"}, "channel", "not_known"),
    "a long phrase": ({"phrase": "heron " * 11}, "phrase", "too_long"),
    "braces": ({"phrase": "{link}"}, "phrase", "not_plain"),
    "two lines": ({"phrase": "a\nb"}, "phrase", "not_plain"),
    "hidden letters": ({"phrase": "co\u200burt"}, "phrase", "not_plain"),
    "a revealing word": ({"phrase": "Your COURT date"}, "phrase", "reveals_subject"),
    "the same in wide letters": ({"phrase": "\uff23\uff4f\uff55\uff52\uff54"}, "phrase", "reveals_subject"),
    "letters that no text message has": (
        {"channel": "sms", "address": "+1 860 555 0100", "phrase": "Привет"},
        "phrase",
        "not_in_gsm",
    ),
    "an unknown language": ({"language": "tlh"}, "language", "not_known"),
    "half of the hours": ({"hours_from": time(9)}, "hours_until", "required"),
    "the other half": ({"hours_until": time(9)}, "hours_from", "required"),
    "no hours": ({"hours_from": time(9), "hours_until": time(9)}, "hours_until", "same_time"),
    "a word of six days": ({"confirm_every": timedelta(days=6)}, "confirm_every_days", "out_of_range"),
    "a word of a year": ({"confirm_every": timedelta(days=365)}, "confirm_every_days", "out_of_range"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(what: str, care: Care) -> None:
    given_, field, code = REFUSED[what]
    stands = care.set()

    with pytest.raises(InvalidFact) as refused:
        care.set(**given_)

    assert (refused.value.field, refused.value.code) == (field, code)
    assert contacts.contact_of(care.release) == stands


def test_a_refusal_does_not_repeat_the_address(care: Care) -> None:
    for given_ in ({"address": "not.an.address"}, {"channel": "sms", "address": "+1 203 555 01"}):
        with pytest.raises(InvalidFact) as refused:
            care.set(**given_)
        assert given_["address"] not in str(refused.value)


@given(
    word=st.sampled_from(templates.forbidden_words()),
    before=st.text(max_size=8),
    after=st.text(max_size=8),
    shout=st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_phrase_contains_a_revealing_word(
    care: Care, word: str, before: str, after: str, *, shout: bool
) -> None:
    phrase = f"{before}{word.upper() if shout else word}{after}"

    with pytest.raises(InvalidFact) as refused:
        care.set(phrase=phrase)

    assert refused.value.field == "phrase"


def test_a_number_that_answered_stop_is_refused(care: Care) -> None:
    sms_opt_out.opt_out("+18605550100", care.now)

    with pytest.raises(InvalidFact) as refused:
        care.set(channel="sms", address="(860) 555-0100")

    assert refused.value.code == "opted_out"


def test_how_long_a_word_holds_is_a_setting(care: Care, settings: Settings) -> None:
    settings.SAFE_CONTACT_DAYS = 14

    assert care.set().confirm_every == timedelta(days=14)


# ---- who ---------------------------------------------------------------------------------------------------


def test_only_an_advocate_of_the_organization_sets_one(care: Care) -> None:
    strangers = [
        make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)),
        make.person(Role.CLERK, care.order.case.court),
        make.person(Role.ADMINISTRATOR),
    ]

    for stranger in strangers:
        with pytest.raises(InvalidFact) as refused:
            set_contact(care.release, ContactSettings(channel="relay"), by=stranger, now=care.now)
        assert refused.value.code == "no_release"
        assert not SafeContact.objects.visible_to(stranger).exists()
    assert not SafeContact.objects.exists()


def test_a_contact_cannot_be_set_after_the_release_is_revoked(care: Care) -> None:
    releases.revoke_release(care.release, by=None, now=care.now)

    with pytest.raises(InvalidFact):
        care.set()


# ---- how the person is notified
# --------------------------------------------------------------------------------


def test_without_a_choice_nothing_is_sent_to_the_person(care: Care, ledger: Ledger) -> None:
    care.fire()
    sent(ledger)

    assert care.to_person() == []
    assert ledger.lines(), "others are notified"


def test_the_person_hears_the_phrase_and_nothing_of_the_case(care: Care, ledger: Ledger) -> None:
    care.set()
    care.fire()

    (body,) = sent(ledger)

    (alert,) = care.to_person()
    assert (alert.via, alert.channel, alert.recipient, alert.state) == (
        Via.PROTECTED,
        "email",
        None,
        AlertState.ACCEPTED,
    )
    assert body.startswith(PHRASE)
    (line,) = [line for line in ledger.lines() if line["to"] == [EMAIL]]
    text = f"{line['headers']} {body}"
    assert not templates.find_forbidden(text)
    for secret in ("http", care.order.case.docket_number, "Ash Birch", care.organization.name):
        assert secret not in text


def test_a_text_message_goes_to_the_number_chosen(care: Care) -> None:
    care.set(channel="sms", address="(860) 555-0100")
    care.fire()

    (leased,) = [one for one in outbox.lease(100, worker="w") if one.via == Via.PROTECTED]

    assert (leased.channel, decrypt(leased.address)) == ("sms", "+18605550100")


def test_through_the_advocate_the_advocate_hears_and_never_the_person(care: Care, ledger: Ledger) -> None:
    care.set(channel="relay", **NOTHING)
    care.fire()

    assert sent(ledger) == []

    (alert,) = care.to_person()
    assert (alert.via, alert.recipient) == (Via.RELAY, care.advocate)
    assert sent(ledger, care.advocate.email)


def test_hours_hold_even_what_is_overdue(care: Care, ledger: Ledger) -> None:
    court = timezone.localtime(care.now)
    care.set(hours_from=(court + timedelta(hours=2)).time(), hours_until=(court + timedelta(hours=3)).time())
    care.fire()

    assert sent(ledger) == []

    (alert,) = care.to_person()
    wait = (alert.next_attempt_at - timezone.now()).total_seconds()
    assert (alert.state, alert.attempts) == (AlertState.READY, 0)
    assert 3600 < wait <= 2 * 3600 + 5
    SafeContact.objects.update(hours_from=None, hours_until=None)
    assert len(sent(ledger)) == 1


@pytest.mark.parametrize(
    ("local", "hours"),
    [
        ("2026-12-04T09:00:00-05:00", 1),
        ("2026-12-04T10:00:00-05:00", 0),
        ("2026-12-04T11:59:00-05:00", 0),
        ("2026-12-04T12:00:00-05:00", 22),
        # The nights in which the clocks change.
        ("2026-10-31T12:00:00-04:00", 23),
        ("2026-03-07T12:00:00-05:00", 21),
    ],
)
def test_the_hours_are_those_of_the_courts_clock(care: Care, local: str, hours: int) -> None:
    care.set(hours_from=time(10), hours_until=time(12))
    care.fire()
    (leased,) = [one for one in outbox.lease(100, worker="w") if one.via == Via.PROTECTED]
    at = datetime.fromisoformat(local).astimezone(UTC)

    assert seconds_to_wait(outbox.LeasedAlert(**{**vars_of(leased), "now": at})) == hours * 3600


@pytest.mark.parametrize(
    ("state", "county", "zone"),
    [("us_ca", "", "America/Los_Angeles"), ("us_or", "Malheur", "America/Boise")],
)
def test_the_court_of_another_state_has_its_own_clock(state: State, county: str, zone: str) -> None:
    care = care_for(court=make.agency(AgencyKind.COURT, state=state, area=county), kind="final_erpo")
    care.set(hours_from=time(10), hours_until=time(12))
    Checkpoint.objects.filter(deadline__order=care.order, name="check").update(audience=["protected_person"])
    care.fire()

    assert {one.zone for one in outbox.lease(100, worker="w") if one.via == Via.PROTECTED} == {zone}


def vars_of(leased: outbox.LeasedAlert) -> dict[str, Any]:
    return {name: getattr(leased, name) for name in leased.__slots__}


def test_a_second_try_keeps_the_hours_too(care: Care, ledger: Ledger) -> None:
    care.set()
    care.fire()
    Alert.objects.exclude(via=Via.PROTECTED).delete()
    ledger.answers = ["451 try later"]
    assert sent(ledger) == []
    court = timezone.localtime(care.now)
    SafeContact.objects.update(
        hours_from=(court + timedelta(hours=2)).time(), hours_until=(court + timedelta(hours=3)).time()
    )

    assert sent(ledger) == []

    (alert,) = care.to_person()
    assert alert.next_attempt_at > timezone.now() + timedelta(hours=1)


def test_what_is_held_stays_with_the_provider_that_may_have_it(care: Care, ledger: Ledger) -> None:
    court = timezone.localtime(care.now)
    care.set(hours_from=(court + timedelta(hours=2)).time(), hours_until=(court + timedelta(hours=3)).time())
    care.fire()
    Alert.objects.filter(via=Via.PROTECTED).update(
        provider="smtp", message_key=F("public_id"), bundled=1, first_sent_at=timezone.now()
    )

    assert sent(ledger) == []

    (alert,) = care.to_person()
    assert (alert.state, alert.provider) == (AlertState.READY, "smtp")


def test_setting_a_contact_waits_for_a_concurrent_revocation(care: Care) -> None:
    with CaptureQueriesContext(connection) as captured:
        care.set()

    locking = [one["sql"] for one in captured if "FOR NO KEY UPDATE" in one["sql"]]
    assert len(locking) == 1
    assert '"orders_confidentialityrelease"' in locking[0]


# ---- when nothing is sent any more -------------------------------------------------------------------------


def test_unconfirmed_for_too_long_nothing_fires(care: Care, ledger: Ledger) -> None:
    care.set()
    SafeContact.objects.update(confirmed_at=care.now - timedelta(days=30))
    care.fire()

    assert care.to_person() == []
    assert contacts.unconfirmed_count(care.advocate) == 1


def test_a_word_that_ends_between_firing_and_sending_withdraws(care: Care, ledger: Ledger) -> None:
    contact = care.set()
    care.fire()
    SafeContact.objects.update(confirmed_at=care.now - timedelta(days=30))

    assert sent(ledger) == []

    assert [one.state for one in care.to_person()] == [AlertState.WITHDRAWN]
    confirm(contact, now=timezone.now())
    assert contacts.unconfirmed_count(care.advocate) == 0


@pytest.mark.parametrize("way", list(ContactChannel))
def test_a_release_taken_back_between_firing_and_sending_withdraws_and_wipes(
    care: Care, ledger: Ledger, way: ContactChannel
) -> None:
    address = {"email": EMAIL, "sms": "+18605550100", "relay": ""}[way]
    contact = care.set(channel=way.value, address=address, phrase="" if way == "relay" else PHRASE)
    care.fire()

    releases.revoke_release(care.release, by=None, now=timezone.now())

    assert sent(ledger) == []
    assert [one.state for one in care.to_person()] == [AlertState.WITHDRAWN]
    contact.refresh_from_db()
    assert contact.ended_at is not None
    assert (contact.encrypted_address, contact.encrypted_phrase) == ("", "")


def test_a_contact_that_ended_between_firing_and_sending_withdraws(care: Care, ledger: Ledger) -> None:
    contact = care.set()
    care.fire()
    end(contact, now=timezone.now())

    assert sent(ledger) == []
    assert [one.state for one in care.to_person()] == [AlertState.WITHDRAWN]
    with pytest.raises(InvalidFact):
        confirm(contact, now=timezone.now())


def test_another_way_than_the_one_that_fired_withdraws(care: Care, ledger: Ledger) -> None:
    care.set()
    care.fire()
    care.set(channel="relay", **NOTHING)

    assert sent(ledger) == []
    assert [one.state for one in care.to_person()] == [AlertState.WITHDRAWN]


def test_a_release_that_ran_out_leaves_nothing_behind_once_it_is_tidied(care: Care) -> None:
    contact = care.set()
    later = care.release.ends_at

    assert end_lapsed(later - timedelta(seconds=1)) == 0
    assert end_lapsed(later) == 1
    assert end_lapsed(later) == 0

    contact.refresh_from_db()
    assert (contact.ended_at, contact.encrypted_address, contact.encrypted_phrase) == (later, "", "")


# ---- who learns of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["email", "relay"])
def test_neither_court_nor_police_see_alerts_of_a_release(care: Care, way: str) -> None:
    care.set(channel=way, **({} if way == "email" else NOTHING))
    care.fire()
    police = care.order.order_agencies.get(capacity="respondent_police").agency
    others = [
        make.person(Role.LIAISON, police),
        make.person(Role.CLERK, care.order.case.court),
        make.person(Role.JUDGE, care.order.case.court),
    ]

    by_release = Alert.objects.filter(release=care.release)

    assert by_release.count() == 2, "the advocate and the person"
    for person in others:
        assert Alert.objects.visible_to(person).exists()
        assert not by_release.visible_to(person).exists()
    assert by_release.visible_to(care.advocate).count() == 2


def test_police_who_are_advocates_elsewhere_do_not_see_them_either(care: Care) -> None:
    care.set()
    care.fire()
    police = care.order.order_agencies.get(capacity="respondent_police").agency
    both = make.person(Role.LIAISON, police)
    Membership.objects.create(user=both, agency=make.agency(AgencyKind.ADVOCACY), role=Role.ADVOCATE)

    assert not Alert.objects.filter(release=care.release).visible_to(both).exists()


def test_what_an_advocate_acknowledges_is_not_in_the_history(care: Care) -> None:
    care.set(channel="relay", **NOTHING)
    care.fire()
    (alert,) = care.to_person()

    acknowledge(alert, by=care.advocate, now=timezone.now())

    alert.refresh_from_db()
    assert alert.acknowledged_by == care.advocate
    assert not HistoryEntry.objects.filter(kind="acknowledged").exists()
    assert not HistoryEntry.objects.filter(actor=care.advocate).exists()
