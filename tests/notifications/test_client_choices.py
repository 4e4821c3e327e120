"""Which news of a client comes by message: an advocate's choice for one client, and the person's own."""

from __future__ import annotations

import random
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import AgencyKind, Role, User
from accounts.narrowing import present
from notifications.models import Alert, AlertState, ClientChoice, Preference, SafeContact, Via
from notifications.services.contacts import choices, contacts
from notifications.services.contacts.contacts import ContactSettings
from notifications.services.corrected_alerts import notify_of_correction
from notifications.services.delivery import outbox
from notifications.services.firing.fire import Firer
from notifications.services.recipients.news import FOR_PERSON, kinds_by_rule, optional_kinds
from orders.errors import InvalidFact
from orders.models import Checkpoint, ConfidentialityRelease, HistoryEntry
from orders.rules.vocabulary import Purpose
from orders.services.parties import releases
from orders.services.planning.history import CorrectedOrder
from orders.services.planning.rulebooks import bundled
from tests import make
from tests.api.fixtures import Fixtures, set_up
from tests.notifications.test_release_pages import CONTACT, browser, path_of, text

pytestmark = pytest.mark.django_db

#: A rule whose checkpoint the tests let fire, and its kind of news.
RULE = {"served": "ANN-SERVED", "overdue": "CT-SUR-01", "return": "ANN-RETURN-RISK", "hearing": "CT-CMP-01"}


@pytest.fixture
def stage() -> Fixtures:
    return set_up()


@pytest.fixture
def person(stage: Fixtures) -> User:
    advocate = make.person(Role.ADVOCATE, stage.organization)
    Preference.objects.create(user=advocate, phone="+18605550100", by_sms=True)
    return advocate


@pytest.fixture
def advocate(person: User) -> Client:
    return browser(person)


def fire(stage: Fixtures, kind: str, *, purpose: Purpose = Purpose.CHECK) -> list[Alert]:
    """Let one checkpoint of the order fire as news of this kind, to advocates and the protected person."""
    Alert.objects.all().delete()
    check = Checkpoint.objects.filter(deadline__order=stage.order).order_by("id")[0]
    Checkpoint.objects.exclude(pk=check.pk).delete()
    deadline = check.deadline
    deadline.rule_id, deadline.occurrence = RULE[kind], f"{kind} of the test"
    deadline.save(update_fields=["rule_id", "occurrence"])
    Checkpoint.objects.filter(pk=check.pk).update(
        state=0,
        fired_at=None,
        fired_by="",
        purpose=purpose,
        audience=["advocate", "protected_person"],
        fires_at=stage.now,
        revision=deadline.revision,
    )
    Firer("test").fire(now=stage.now)
    return list(Alert.objects.filter(checkpoint=check).order_by("id"))


def states(alerts: list[Alert]) -> dict[tuple[str, str], str]:
    """Lease what waits. The state of each alert by its reason and channel."""
    outbox.lease(100, worker="test")
    rows = Alert.objects.filter(pk__in=[one.pk for one in alerts])
    return {(one.via, one.channel): AlertState(one.state).name for one in rows}


def test_each_rule_that_alerts_a_client_or_an_advocate_has_a_kind_of_news() -> None:
    rules = [*bundled().rules, *(one.rule for one in bundled().announcements)]
    alerted = {
        rule.id
        for rule in rules
        for one in rule.checkpoints
        if {"advocate", "protected_person"} & {str(word) for word in one.audience}
    }

    assert alerted <= kinds_by_rule().keys()
    assert kinds_by_rule().keys() <= {rule.id for rule in rules}
    assert {"overdue", "return", "purchase"}.isdisjoint(optional_kinds())


def test_what_an_advocate_leaves_to_the_page_waits_there_and_is_not_sent(
    stage: Fixtures, person: User, advocate: Client
) -> None:
    other = make.person(Role.ADVOCATE, stage.organization)
    answer = advocate.post(path_of(stage), {"action": "choice", "messages": ["hearing"]}, follow=True)
    assert "Saved for you and this client." in text(answer)

    alerts = fire(stage, "served")
    found = states([one for one in alerts if one.recipient_id == person.pk])

    assert found == {("person", "email"): "ON_PAGE", ("person", "sms"): "WITHDRAWN"}
    assert states([one for one in alerts if one.recipient_id == other.pk]) == {("person", "email"): "LEASED"}
    on_page = [one for one in alerts if one.recipient_id == person.pk and one.channel == "email"]
    assert str(on_page[0].public_id) in text(advocate.get("/"))
    assert HistoryEntry.objects.filter(kind__contains="choice").count() == 0


@pytest.mark.parametrize("kind", ["overdue", "return"])
def test_what_is_never_optional_goes_out_by_each_way(
    kind: str, stage: Fixtures, person: User, advocate: Client
) -> None:
    advocate.post(path_of(stage), {"action": "choice", "messages": [], "by_email_only": "on"})
    ClientChoice.objects.update(on_page=["served", "overdue", "return"])

    found = states(fire(stage, kind))

    assert found == {("person", "email"): "LEASED", ("person", "sms"): "LEASED"}


def test_by_email_only_withdraws_the_other_ways(stage: Fixtures, person: User, advocate: Client) -> None:
    chosen = {"action": "choice", "messages": ["served"], "by_email_only": "on"}
    advocate.post(path_of(stage), chosen)

    assert states(fire(stage, "served")) == {("person", "email"): "LEASED", ("person", "sms"): "WITHDRAWN"}
    page = text(advocate.get(path_of(stage)))
    assert 'name="by_email_only" id="id_by_email_only" checked' in page.replace('aria-describedby=""', "")


def test_a_correction_of_what_waited_on_the_page_goes_out(
    stage: Fixtures, person: User, advocate: Client
) -> None:
    advocate.post(path_of(stage), {"action": "choice", "messages": []})
    alerts = fire(stage, "served")
    states(alerts)
    deadline = present(alerts[0].checkpoint).deadline
    entry = HistoryEntry.objects.filter(order=stage.order).latest("pk")

    notify_of_correction(
        [CorrectedOrder(entry=entry, deadlines=frozenset({(deadline.rule_id, deadline.occurrence)}))],
        stage.now,
    )

    corrections = Alert.objects.filter(correction=entry)
    assert [one.recipient_id for one in corrections] == [person.pk]
    assert states(list(corrections)) == {("person", "email"): "LEASED"}


def test_no_one_sets_the_choice_of_another_or_for_an_order_of_another_organization(
    stage: Fixtures, person: User
) -> None:
    stranger = make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY))
    with pytest.raises(InvalidFact, match="no release in force"):
        choices.choose(stage.release, messages=[], by_email_only=False, by=stranger, now=stage.now)
    with pytest.raises(InvalidFact, match="not overdue"):
        choices.choose(stage.release, messages=["overdue"], by_email_only=False, by=person, now=stage.now)
    assert browser(stranger).post(path_of(stage), {"action": "choice", "messages": []}).status_code == 404
    assert not ClientChoice.objects.exists()


def test_a_renewed_release_keeps_contact_and_choices(stage: Fixtures, person: User) -> None:
    choices.choose(stage.release, messages=[], by_email_only=True, by=person, now=stage.now)
    after = ConfidentialityRelease.objects.get(pk=stage.release.pk)
    after.pk, after.public_id = None, uuid4()
    after.begins_at = stage.now
    after.save()

    releases.release_renewed.send(None, before=stage.release, after=after)

    assert choices.choice_of(after, person).by_email_only


def test_the_choice_at_the_lease_decides_by_any_choice_before(stage: Fixtures, person: User) -> None:
    """SQL does with an alert what the page shows, in Python, of the choice in force at that time."""
    chance = random.Random(17)
    optional = [one.value for one in optional_kinds()]

    def choose() -> None:
        messages = [one for one in optional if chance.random() < 0.6]
        only = chance.random() < 0.5
        choices.choose(stage.release, messages=messages, by_email_only=only, by=person, now=stage.now)

    seen = set()
    for kind in [*RULE, *RULE, *RULE]:
        choose()
        alerts = [one for one in fire(stage, kind) if one.recipient_id == person.pk]
        choose()
        choice = choices.choice_of(stage.release, person)
        is_message = kind not in optional or kind in choices.messages_of(choice)
        is_short = is_message and not (kind in optional and choice.by_email_only)

        assert states(alerts) == {
            ("person", "email"): "LEASED" if is_message else "ON_PAGE",
            ("person", "sms"): "LEASED" if is_short else "WITHDRAWN",
        }, (kind, choice.on_page, choice.by_email_only)
        seen.add((is_message, is_short))
    assert len(seen) == 3


# ---- the protected person ----------------------------------------------------------------------------------


def contact_for(stage: Fixtures, person: User, **given: Any) -> SafeContact:
    wish = ContactSettings(channel="email", address="quiet.heron@mail.example", **given)
    return contacts.set_contact(stage.release, wish, by=person, now=stage.now)


@pytest.mark.parametrize("channel", ["email", "relay"])
def test_the_person_gets_only_the_news_that_was_chosen(
    channel: str, stage: Fixtures, person: User, advocate: Client
) -> None:
    way = {"channel": channel} if channel == "email" else {"channel": channel, "address": "", "phrase": ""}
    chosen = CONTACT | way | {"hours_from": "", "hours_until": "", "news": ["served", "return"]}
    assert "Saved." in text(advocate.post(path_of(stage), chosen, follow=True))

    vias = (Via.PROTECTED, Via.RELAY)
    assert [one for one in fire(stage, "served") if one.via in vias]
    assert not [one for one in fire(stage, "hearing") if one.via in vias]
    page = text(advocate.get(path_of(stage)))
    assert page.count("<li>The order was served, or is not yet shortly before the hearing</li>") == 1
    assert "<li>A hearing is set" not in page


def test_what_waits_is_not_sent_after_the_person_chose_again(
    stage: Fixtures, person: User, advocate: Client
) -> None:
    contact = contact_for(stage, person)
    alerts = [one for one in fire(stage, "served") if one.via == Via.PROTECTED]

    answer = advocate.post(path_of(stage), {"action": "news", "news": ["return"]}, follow=True)

    assert "Only this news is sent" in text(answer)
    contact.refresh_from_db()
    assert contact.encrypted_address
    assert states(alerts) == {("protected", "email"): "WITHDRAWN"}


def test_the_person_gets_what_was_wanted_at_the_firing_and_at_the_lease(
    stage: Fixtures, person: User
) -> None:
    contact = contact_for(stage, person)
    for kind, at_firing, at_lease in product(("served", "return"), (True, False), (True, False)):
        others = [one.value for one in FOR_PERSON if one != kind]
        contacts.choose_news(contact, [*others, kind] if at_firing else others)
        alerts = [one for one in fire(stage, kind) if one.via == Via.PROTECTED]
        assert bool(alerts) == at_firing
        contacts.choose_news(contact, [*others, kind] if at_lease else others)

        is_sent = at_lease and kind in contacts.wanted_news(contact)
        expected = {("protected", "email"): "LEASED" if is_sent else "WITHDRAWN"}
        assert states(alerts) == (expected if at_firing else {})


def test_at_least_one_kind_is_chosen_and_the_refusal_names_the_field(
    stage: Fixtures, person: User, advocate: Client
) -> None:
    contact_for(stage, person)

    page = text(advocate.post(path_of(stage), {"action": "news"}))

    assert "<title>Error: " in page
    assert "id_news_error" in page
    with pytest.raises(InvalidFact, match="at least one kind"):
        contact_for(stage, person, news=[])
    assert SafeContact.objects.get(ended_at=None).unwanted == []


def test_a_contact_of_before_gets_all_news(stage: Fixtures, person: User) -> None:
    assert contact_for(stage, person).unwanted == []
