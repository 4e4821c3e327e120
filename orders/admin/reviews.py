"""Rows of imports that wait for a clerk: doubtful facts, and serial numbers that may match."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from accounts.access import MATRIX
from accounts.models import User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from orders.admin.desk import DeskList, NamedDefaultFilter, laid_out, order_link
from orders.admin.review_facts import facts_of
from orders.errors import InvalidFact
from orders.forms.reviews import ReopenForm, ReviewForm
from orders.models import ReviewItem, ReviewKind, ReviewResolution
from orders.services.parties.visibility import roles_over
from orders.services.planning.history import entries_after, last_entry
from orders.services.registry.reviews import confirm_review, match_review, reject_review, reopen_review
from orders.views.court.moved import moved_words

_DECIDED = "The decision is recorded."
_STAYS = "The decision is taken back. The two stay as they were recorded until you decide again."
_REOPENED = "The decision is taken back, with what it recorded. Decide again."


class DecidedFilter(NamedDefaultFilter):
    """Items by whether someone has decided them; by default the open ones."""

    title = "state"
    default_label = "To decide"
    parameter_name = "decided"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the other choice."""
        return [("yes", "Decided")]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the chosen items."""
        if self.value() == "yes":
            return queryset.filter(resolved_at__isnull=False)
        return queryset.filter(pk__in=ReviewItem.objects.waiting())


@admin.register(ReviewItem)
class ReviewItemAdmin(DeskList):
    """The items of the court, the oldest first. Until someone decides, the fact does not count."""

    list_display = ["docket", "respondent", "kind", "what", "decide"]
    list_select_related = ["order__case__respondent"]
    list_filter = [DecidedFilter]
    ordering = ["id"]

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the list and of the decision on one item."""
        decide = self.admin_site.admin_view(self.decide_view)
        return [*super().get_urls(), path("<uuid:public_id>/", decide, name="orders_reviewitem_decide")]

    @override
    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Offer the decision to those who may decide; others read it."""
        roles = expect(User, request.user).roles
        if MATRIX.may(roles, "resolve", "review_item"):
            return [*self.list_display]
        return [*self.list_display[:-1], "decision"]

    @admin.display(description="Docket")
    def docket(self, item: ReviewItem) -> SafeString:
        """Return the docket as a link to the order."""
        return order_link(item.order)

    @admin.display(description="Respondent")
    def respondent(self, item: ReviewItem) -> str:
        """Return the respondent's name."""
        return item.order.case.respondent.name

    @admin.display(description="What is doubtful")
    def what(self, item: ReviewItem) -> str:
        """Return it in words."""
        return item.words

    @admin.display(description="Decision")
    def decide(self, item: ReviewItem) -> SafeString:
        """Return a link to the decision, or what was decided with a link that takes it back."""
        address = reverse("admin:orders_reviewitem_decide", args=[item.public_id])
        if item.resolved_at is None:
            return format_html('<a href="{}">Decide</a>', address)
        return format_html(
            '{}: {} <span class="item-acts"><a href="{}">Take back</a></span>',
            item.decision_words,
            item.reason,
            address,
        )

    @admin.display(description="Decision")
    def decision(self, item: ReviewItem) -> str:
        """Return what was decided."""
        return f"{item.decision_words}: {item.reason}" if item.resolved_at else "Not decided yet"

    def decide_view(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Show the form, then the list."""
        item = (
            self.get_queryset(request)
            .select_related("order__case__respondent")
            .filter(public_id=public_id)
            .first()
        )
        if item is None:
            raise Http404
        log_access(request, [item.order.case.public_id])
        user = expect(User, request.user)
        if not MATRIX.may(roles_over(user, {item.order_id})[item.order_id], "resolve", "review_item"):
            raise PermissionDenied
        is_decided = item.resolved_at is not None
        data = request.POST if request.method == "POST" else None
        last = last_entry([item.order_id])
        form = ReopenForm(data) if is_decided else ReviewForm(data, item=item)
        if form.is_valid() and self._done(form, item, user):
            reopened = _STAYS if item.kind == ReviewKind.OTHER_RESPONDENT else _REOPENED
            moved = moved_words(entries_after(last, [item.order_id], user), timezone.now())
            messages.success(request, f"{reopened if is_decided else _DECIDED} {moved}")
            return redirect("admin:orders_reviewitem_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Take a decision back" if is_decided else item.get_kind_display(),
            "item": f"{item.decision_words}: {item.reason}" if is_decided else item.words,
            "button": "Take the decision back" if is_decided else "Record the decision",
            "order": item.order,
            "facts": facts_of(item),
            "form": form,
            "adminform": laid_out(form),
        }
        return TemplateResponse(request, "admin/orders/order/form.html", context)

    def _done(self, form: ReviewForm | ReopenForm, item: ReviewItem, user: User) -> bool:
        """Call the service of what was pressed. On a refusal, show it in the form and return False."""
        facts = form.cleaned_data
        common: dict[str, Any] = {"by": user, "now": timezone.now(), "reason": facts["reason"]}
        try:
            if isinstance(form, ReopenForm):
                reopen_review(item, **common)
            elif facts["decision"] == ReviewResolution.CONFIRMED:
                confirm_review(item, **common)
            elif facts["decision"] == ReviewResolution.REJECTED:
                reject_review(item, **common)
            else:
                is_match = facts["decision"] == ReviewResolution.MATCHED
                match_review(item, firearm=facts["firearm"] if is_match else None, **common)
        except InvalidFact as refusal:
            form.refuse(refusal)
            return False
        return True
