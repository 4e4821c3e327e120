"""A court's orders: the list, the form that enters one, the page of one and the forms of its acts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from typing_extensions import override

from accounts.models import Agency, Role, User
from accounts.services.access.access_log import log_access, log_as_viewing, log_miss
from orders.admin.act_page import PANEL, ActPage
from orders.admin.desk import (
    courts_of,
    laid_out,
    order_address,
)
from orders.admin.order_list import CourtOrderList
from orders.admin.page import load_page
from orders.admin.summary.summary import OrderSummary
from orders.display import language_of
from orders.errors import InvalidFact
from orders.forms.acts import ACTS
from orders.forms.base import FactsForm
from orders.forms.confirming import check_answers
from orders.forms.entry import EnterOrderForm
from orders.matching.dockets import DOCKET_EXAMPLE, is_connecticut_docket
from orders.matching.firearm_words import word_lists
from orders.models import Order
from orders.services.known_people import known_people
from orders.services.orders.entry_sheet import enter_sheet
from orders.services.parties.visibility import roles_over
from orders.services.search import LONGEST


@admin.register(Order)
class OrderAdmin(CourtOrderList):
    """The orders of the person's court: the list, and the pages of each one."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the list, of the entry form, of an order and of its acts."""
        view = self.admin_site.admin_view
        one = "<uuid:public_id>/"
        return [
            *super().get_urls(),
            path("add/", view(self.enter_view), name="orders_order_add"),
            path("known/", view(self.known_view), name="orders_order_known"),
            path(one, view(self.order_view), name="orders_order_change"),
            path(f"{one}<slug:name>/", view(self.act_view), name="orders_order_act"),
        ]

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """True for clerks, who enter the orders of their court."""
        return bool(courts_of(request.user, Role.CLERK))

    @override
    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Offer no second “Add” among the settings: an order is entered from Today or the list."""
        return {**super().get_model_perms(request), "add": False}

    def enter_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form that enters an order, then the page of the order."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        courts = Agency.objects.filter(pk__in=courts_of(request.user, Role.CLERK))
        form = EnterOrderForm(request.POST or None, courts=courts, clerk=_person(request))
        now, user = timezone.now(), _person(request)

        def enter() -> Order:
            return enter_sheet(form.new_order(), form.listed(), confirm=form.confirm, by=user, now=now)

        if form.is_valid():
            try:
                check_answers(form, enter)
                order = enter()
            except InvalidFact as refusal:
                form.refuse(refusal)
                _count_unseen(request, form)
            else:
                _show_next_step(request, order)
                return redirect(order_address(order))
        elif form.is_bound and not form.shown_again:
            form.refuse_more(now=now)
        if not form.errors:
            form.begin()
        return self._form(
            request, form, title="Enter an order", button="Enter the order", word_lists=word_lists()
        )

    @method_decorator(sensitive_post_parameters("respondent_name"))
    def known_view(self, request: HttpRequest) -> HttpResponse:
        """Offer known respondents of the court for the name that is being typed."""
        if request.method != "POST" or not self.has_add_permission(request):
            raise Http404
        log_as_viewing(request)
        courts = Agency.objects.filter(pk__in=courts_of(request.user, Role.CLERK))
        chosen = request.POST.get("court", "")
        court = courts.filter(pk=chosen).first() if chosen.isdecimal() else None
        typed, now = request.POST.get("respondent_name", "")[:LONGEST], timezone.now()
        people = known_people(_person(request), court, typed, now=now) if court else []
        log_access(request, [one.order.case.public_id for one in people])
        response = TemplateResponse(request, "admin/orders/order/known.html", {"people": people})
        response.headers[PANEL] = "1"
        return response

    def order_view(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Show one order and its acts."""
        order = self._order(request, public_id)
        page = load_page(
            order,
            user=_person(request),
            roles=roles_over(_person(request), {order.pk})[order.pk],
            now=timezone.now(),
            language=language_of(request),
        )
        log_access(request, [one.order.case.public_id for one in page.related])
        context = {
            **self.admin_site.each_context(request),
            "title": f"{order.case.docket_number}: {order.get_kind_display()}",
            "opts": self.opts,
            "page": page,
            "summary": OrderSummary(
                record=page.record, roles=page.roles, last_day=page.last_day, now=page.now
            ),
            "is_nav_sidebar_enabled": False,
        }
        return TemplateResponse(request, "admin/orders/order/page.html", context)

    def act_view(self, request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
        """Show the form of an act, then the page of the order."""
        order = self._order(request, public_id)
        if name not in ACTS:
            raise Http404
        act = ACTS[name]
        if not act.is_permitted(roles_over(_person(request), {order.pk})[order.pk]):
            raise PermissionDenied
        page = ActPage(request=request, order=order, person=_person(request), now=timezone.now())
        run = page.run(act)
        if run.is_gone or run.is_done:
            return page.leave(run)
        _count_unseen(request, run.form)
        return page.show(run, self.admin_site.each_context(request))

    def _order(self, request: HttpRequest, public_id: UUID) -> Order:
        """Return the order and log access to its case. Raises `Http404` if the person does not see it."""
        if not self.has_view_permission(request):
            raise Http404
        visible: QuerySet[Order] = self.get_queryset(request).prefetch_related(None)
        orders = visible.filter(public_id=public_id) | Order.recorded.entered_in_error(request.user).filter(
            public_id=public_id
        )
        order = orders.select_related("case__court", "case__respondent__town__police").first()
        if order is None:
            raise Http404
        log_access(request, [order.case.public_id])
        return order

    def _form(self, request: HttpRequest, form: FactsForm, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            "admin/orders/order/form.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "form": form,
                "adminform": laid_out(form),
                "media": self.media,
                **context,
            },
        )


def _count_unseen(request: HttpRequest, form: Any) -> None:
    """Count a number that clashed with an order of others as a refused look-up."""
    if form.unseen:
        log_miss(request, form.unseen)


def _person(request: HttpRequest) -> User:
    """Return the signed-in person. `admin_view` lets no one else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _show_next_step(request: HttpRequest, order: Order) -> None:
    """Log the entry of an order, and show what comes next."""
    log_access(request, [order.case.public_id])
    messages.success(request, "The order is entered. Record service when it is served.")
    if order.jurisdiction == "us_ct" and not is_connecticut_docket(order.case.docket_number):
        # Without the number: a message may travel in a cookie.
        messages.warning(
            request,
            "Check the docket number. Connecticut's have six to eight digits before the last "
            f"letter, such as {DOCKET_EXAMPLE}.",
        )
