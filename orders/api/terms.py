"""Terms that a judge set in an order, kept or not."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api.body import DayField, InstantField
from orders.api.base import OneRow, OrderAct, OrderRows, RowAct
from orders.api.shapes import AsGivenField, EitherIn, OfOrderOut
from orders.models import OrderTerm
from orders.services import terms


class TermOut(OfOrderOut):
    """Something that the order asks for by a day or a time."""

    thing = "term"
    term = serializers.CharField(help_text="The rulebook's id of what was ordered, such as CT-HOM-01.")
    due_on = serializers.DateField()
    due_at = AsGivenField(allow_null=True)
    kept_on = serializers.DateField(allow_null=True)
    kept_at = AsGivenField(allow_null=True)


class TermIn(EitherIn):
    """The judge set a term."""

    term = serializers.CharField(max_length=20, help_text="The rulebook's id of what was ordered.")
    due_on = DayField(source="on", required=False, allow_null=True)
    due_at = InstantField(source="at", required=False, allow_null=True)


class CompletionIn(EitherIn):
    """What the order asks for was done."""

    kept_on = DayField(source="on", required=False, allow_null=True)
    kept_at = InstantField(source="at", required=False, allow_null=True)


def every() -> QuerySet[OrderTerm]:
    """Of every order."""
    return OrderTerm.objects.all()


class Terms(OrderRows, OrderAct):
    """The terms; POST sets one."""

    thing = "term"
    acts = {"GET": "view", "POST": "add"}
    every = staticmethod(every)
    shows = TermOut
    body = TermIn
    service = staticmethod(terms.set_term)
    route = "term"


class OneTerm(OneRow):
    """One term."""

    thing = "term"
    every = staticmethod(every)
    shows = TermOut


class Completions(RowAct):
    """POST: the term was kept."""

    thing = "term"
    acts = {"POST": "keep"}
    of = OneTerm
    shows = TermOut
    body = CompletionIn
    service = staticmethod(terms.keep_term)
    route = "term"
