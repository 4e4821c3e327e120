"""What an entry takes can be corrected by the same people at the same door, or there is a reason why not."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from orders.api.corrections import CorrectableDetail
from orders.forms.acts import ACTS
from orders.forms.entry import EnterOrderForm
from orders.forms.follow_ups import FOLLOW_UP_ACTS
from orders.forms.items import ITEMS
from orders.services.corrections import CORRECTABLE

# The views are known once their addresses are.
importlib.import_module("orders.api.urls")

#: Fields that no correction takes, by act: the fact is withdrawn and entered again, or it is another one.
_OF_ANOTHER_FACT = "chooses the row to which the fact belongs"
_LISTED = "is listed as a firearm, which is corrected on its own"
NOT_CORRECTED: dict[str, dict[str, str]] = {
    "receipt": {"found": _LISTED, "permits": "withdrawn with the receipt; another permit is handed in alone"},
    "return": {"firearms": "each firearm has a return of its own"},
    "hand-over": {"firearms": "each firearm has a step of its own"},
    "dispose": {"firearms": "each firearm has a disposal of its own"},
    "custody-request": {"kind": "another kind asks for other papers, so it is another request"},
    "return-hold": {"request": _OF_ANOTHER_FACT},
    "return-decision": {"request": _OF_ANOTHER_FACT},
    "statement": {"firearms": "each firearm out of reach is corrected on its own"},
    "verify": {"statement": _OF_ANOTHER_FACT},
    "refer": {"agency": "another prosecutor has read it: withdraw it and refer it again"},
    "plan-service": {"town": "it names police on the order: withdraw the notice and enter it again"},
    "attempt": {"next_action_at": "set by the act “Next action”"},
    "modify": dict.fromkeys(
        ("added", "condition", "details", "due_at", "for_police"), "the new condition is a fact of its own"
    )
    | dict.fromkeys(
        ("protected_person", "address_confidential"), "the protected person is corrected on its own"
    ),
}
#: The act that corrects each field of the form for a new order, and its field there if it has another name.
CORRECTS_ENTRY: dict[str, tuple[str, str]] = {
    **{
        name: ("correct", name)
        for name in (
            *("expires_on", "filed_by", "financial_support", "firearms_alleged_count", "firearms_indicated"),
            *("issued_at", "kind", "permit_indicated", "por_number", "proof_found"),
        )
    },
    "docket_number": ("correct-docket", "docket_number"),
    "hearing_on": ("correct-hearing", "scheduled_on"),
    "hearing_time": ("correct-hearing", "scheduled_time"),
    "judge": ("correct-hearing", "judge"),
    "permit_kind": ("correct-permit", "kind"),
    "permit_number": ("correct-permit", "number"),
    "protected_person": ("correct-protected-person", "name"),
    "address_confidential": ("correct-protected-person", "address_confidential"),
    "respondent_address": ("correct-address", "address"),
    "respondent_name": ("correct-respondent", "name"),
    "respondent_dob": ("correct-respondent", "date_of_birth"),
    "respondent_town": ("correct-town", "town"),
}
#: The court follows from the person who enters the order; an order of another court is entered in error.
NO_FIELD_OF_A_FACT = {"court"}
#: Acts on an order with a correction of their own.
CORRECTED_BY = {
    "serve": "correct-service",
    "extend": "correct-extension",
    "vacate": "correct-vacatur",
    "modify": "correct-modification",
}
FOLLOW_UPS = {"attempt": "correct-attempt", "refer": "correct-referral"}
#: Fields by which a form is asked again, or chooses its row. They are no part of the fact.
_NOT_OF_THE_FACT = {"reason", "confirm", "seen", "row", "another"}


def fields_of(name: str) -> set[str]:
    return set(ACTS[name].form.base_fields)


def left_out(act: str, entry: set[str], correction: set[str]) -> set[str]:
    """The fields that the correction does not take and that the list does not name."""
    return entry - correction - _NOT_OF_THE_FACT - set(NOT_CORRECTED.get(act, ()))


@pytest.mark.parametrize("item", ITEMS, ids=lambda one: one.name)
def test_the_correction_of_a_fact_takes_what_its_entry_takes(item: Any) -> None:
    if item.correction is None:
        # A part of another fact, or one answer: it is taken back and entered again.
        assert item.is_withdrawn
        return
    assert left_out(item.entered_by, fields_of(item.entered_by), set(item.correction.base_fields)) == set()


@pytest.mark.parametrize("entry", sorted(CORRECTED_BY))
def test_an_act_on_an_order_is_corrected_with_all_its_fields(entry: str) -> None:
    assert left_out(entry, fields_of(entry), fields_of(CORRECTED_BY[entry])) == set()


def test_every_field_of_a_new_order_has_its_correction() -> None:
    taken = set(EnterOrderForm.base_fields)

    assert taken - CORRECTS_ENTRY.keys() == NO_FIELD_OF_A_FACT
    for name, (act, field) in CORRECTS_ENTRY.items():
        assert name in taken
        assert field in fields_of(act)


@pytest.mark.parametrize("entry", sorted(FOLLOW_UPS))
def test_what_is_recorded_about_a_follow_up_is_corrected_with_all_its_fields(entry: str) -> None:
    correction = set(FOLLOW_UP_ACTS[FOLLOW_UPS[entry]].form.base_fields)
    # What the prosecutor reads has a name of its own beside the reason of the correction.
    correction |= {"reason"} if "why_referred" in correction else set()

    assert left_out(entry, set(FOLLOW_UP_ACTS[entry].form.base_fields), correction) == set()


def _below(view: Any) -> Iterator[Any]:
    for one in view.__subclasses__():
        yield one
        yield from _below(one)


VIEWS = {view.queryset.model: view for view in _below(CorrectableDetail)}
FACTS = [one for one in CORRECTABLE.values() if not one.part_of]


@pytest.mark.parametrize("fact", FACTS, ids=lambda one: one.name)
def test_the_api_corrects_every_column(fact: Any) -> None:
    taken = set(VIEWS[fact.model].input().fields)
    columns = {keyword for column in fact.columns for keyword in column.keywords}
    # What the prosecutor reads is `why_referred` beside the reason of the correction.
    columns = {"why_referred" if one == "reason" else one for one in columns}

    assert columns - taken == set()


def test_the_api_leaves_out_only_what_is_listed() -> None:
    listed = {name for fields in NOT_CORRECTED.values() for name in fields}
    left = {name for view in VIEWS.values() for name in getattr(view.input, "_leave_out", ())}

    assert left <= listed
