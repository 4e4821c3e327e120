"""What was entered of the respondent, put right."""

from __future__ import annotations

from accounts.api.body import NamedField
from accounts.models import Town
from orders.api.base import OrderAct
from orders.api.shapes import OrderOut, ReasonIn
from orders.services import entry


class RespondentCorrectionIn(ReasonIn):
    """The respondent lives elsewhere."""

    town = NamedField(queryset=Town.objects.select_related("police"), help_text="Its police are told.")


class RespondentCorrections(OrderAct):
    """POST: in every order against the respondent the police of the town are concerned from now on."""

    thing = "respondent"
    acts = {"POST": "correct"}
    shows = OrderOut
    body = RespondentCorrectionIn
    service = staticmethod(entry.correct_respondent_town)
    route = "order"
