"""Forms that are saved once, forms whose session has ended, and addresses that only take forms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, resolve_url
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy
from django.views.csrf import csrf_failure
from typing_extensions import override

from accounts.crypto import decrypt, encrypt
from accounts.form_base import ShownAgain
from accounts.models import EntryPoint, IdempotencyRecord, User
from accounts.services import held_forms
from accounts.services.access import form_keys, idempotency
from accounts.services.access.access_log import entry_point_of, skip_done_entry

View = Callable[..., Any]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_REDIRECTS = frozenset({HTTPStatus.FOUND, HTTPStatus.SEE_OTHER})

#: The same entries at the same address within this time are a question, not a second row.
SAME_WITHIN = timedelta(minutes=10)

#: The same form again within this time is a double click; later, someone went back and pressed again.
CLICKED_WITHIN = timedelta(seconds=10)

#: Cookie of a browser in which a person left quickly: for some minutes Back shows a page without a name.
LEFT = "left"

#: Routes whose forms are not held after a session.
NEVER_HELD = frozenset({"preferences"})
#: Routes of whose saved forms nothing is kept: an ended safe contact is erased, also from here. One that was
#: not saved is held for an hour as every other, so that nothing that was typed is lost.
NEVER_KEPT = NEVER_HELD | {"advocate-release"}

ENDED = "Your session ended before this was saved. Check it and save."
SAME = (
    "The same was saved a few minutes ago. If this is another one, save it again; if it is the same one, "
    "leave this page."
)
CHANGED = (
    "This form was already saved before you changed it here. The marked fields show what was saved. Your "
    "changes are not saved: open what was saved and correct it there. Save this only if it is another one."
)
NOT_YET = "This is not saved yet. Check it and save."
KEPT = "Your session ended. The form that you sent is kept for an hour, and shown again after you sign in."
#: Lazy: the view that shows them knows the language of its reader.
SAVED_BEFORE = gettext_lazy(
    "This form was saved before and is not saved again. To enter another one, open the form again."
)
LOST = gettext_lazy("Your session ended before this was saved. Nothing was saved, so please do it again.")


def keep_page(request: HttpRequest) -> None:
    """Let a repeated form get this page again. For views that show their result instead of redirecting."""
    vars(request)["form_is_saved"] = True


class SignInFirst(LoginRequiredMiddleware):
    """Redirect to sign-in, and then to the form as it was typed, or to the page that offers the act."""

    @override
    def handle_no_permission(self, request: HttpRequest, view_func: View) -> HttpResponseRedirect:
        if request.method in _SAFE and LEFT in request.COOKIES:
            return HttpResponseRedirect(resolve_url("leave"))
        if request.method in _SAFE or entry_point_of(request) is EntryPoint.API:
            return super().handle_no_permission(request, view_func)
        if _hold(request):
            messages.info(request, KEPT)
            target = request.get_full_path()
        else:
            target = _page_before(request) or request.get_full_path()
        return redirect_to_login(
            target, self.get_login_url(view_func), self.get_redirect_field_name(view_func) or "next"
        )


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose CSRF token is not valid: one of a page that was open during a new sign-in is held.

    Its one-time key proves that the form is a page of this person's. It is shown again and not saved.
    """
    owner = form_keys.owner_of(request.POST.get(form_keys.FIELD, ""))
    user = request.user
    is_other = isinstance(user, User) and (owner is None or owner[0] != user.pk)
    if is_other or not _hold(request):
        return csrf_failure(request, reason)
    if isinstance(user, User):
        request.session[held_forms.HAS_HELD] = True
        return redirect(request.get_full_path())
    messages.info(request, KEPT)
    return redirect_to_login(request.get_full_path())


def _hold(request: HttpRequest) -> bool:
    return _may_hold(request) and held_forms.hold(request)


def _may_hold(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is None or match.view_name not in NEVER_HELD


def _may_keep(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is None or match.view_name not in NEVER_KEPT


class Forms:
    """Save each form once, show held forms again, and explain addresses that a browser cannot open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response; instead of an empty 405, redirect to the page of the act or explain it."""
        response = self.get_response(request)
        is_page = entry_point_of(request) in (EntryPoint.PAGE, EntryPoint.ADMIN)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or not is_page or response.content:
            return response
        page = _page_above(request) if request.method in _SAFE else ""
        return redirect(page) if page else _explained(response)

    def process_view(
        self, request: HttpRequest, view: View, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """Handle forms with a one-time key, and pages for which a form is held."""
        user = request.user
        if entry_point_of(request) is EntryPoint.API or not isinstance(user, User):
            return None

        def call() -> Any:
            return view(request, *args, **kwargs)

        if request.method == "POST":
            if form_keys.HOLD in request.POST:
                return _not_yet(request, call)
            nonce = form_keys.nonce_of(request.POST.get(form_keys.FIELD, ""), user)
            return _save_once(request, user, nonce, call) if nonce else None
        if request.method == "GET" and request.session.get(held_forms.HAS_HELD):
            return _show_held(request, user, call)
        return None


def _save_once(request: HttpRequest, user: User, nonce: str, call: Callable[[], Any]) -> Any:
    """Call the view, or return the result of the first request with this key.

    The key is stored in the transaction of the act: both are committed, or neither. A form that is shown
    again has changed nothing, and its key is not stored.
    """
    digests, now = _digests(request), timezone.now()
    is_on_purpose = request.POST.get(form_keys.AGAIN) in [one.hex() for one in digests]
    question = ""
    try:
        with transaction.atomic():
            stored = idempotency.reserve(user, f"form:{nonce}", digests[0], now=now)
            if stored is not None and not idempotency.has_same_rights(stored):
                raise PermissionDenied
            if stored is not None and bytes(stored.request) in digests:
                return _replay(request, stored)
            if stored is not None:
                question = CHANGED
            elif not is_on_purpose and _saved_lately(user, digests, nonce):
                question = SAME
            else:
                return _call_and_keep(request, user, nonce, call)
            transaction.set_rollback(True)
    except OperationalError:
        # The first request with this key still runs.
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return HttpResponse(render_to_string(f"{status.value}.html"), status=status)
    again = ShownAgain.of(request.POST, message=question, digest=digests[0].hex())
    if stored is not None:
        kept = json.loads(decrypt(bytes(stored.body)))
        again.page = stored.headers.get("Location", "")
        again.saved = QueryDict(kept["typed"]) if kept.get("typed") else None
    shown = _shown_again(request, again, call)
    # A view without a form to show again does what was pressed.
    return call() if shown is None else shown


def _call_and_keep(request: HttpRequest, user: User, nonce: str, call: Callable[[], Any]) -> Any:
    already = len(_new_messages(request))
    response = call()
    is_page = bool(vars(request).get("form_is_saved"))
    record = IdempotencyRecord.objects.filter(user=user, key=f"form:{nonce}")
    if response.status_code not in _REDIRECTS and not is_page:
        record.delete()
        return response
    if is_page and hasattr(response, "render"):
        response = response.render()
    said = [[one.level, str(one.message), one.extra_tags] for one in _new_messages(request)[already:]]
    page = response.content.decode() if is_page else ""
    typed = held_forms.without_secrets(request.POST) if _may_keep(request) else ""
    record.update(
        status=response.status_code,
        headers={"Location": response.headers["Location"]} if "Location" in response.headers else {},
        # Encrypted: a page may show a secret once, and entries name people.
        body=encrypt(json.dumps({"messages": said, "page": page, "typed": typed})).encode(),
    )
    return response


def _replay(request: HttpRequest, stored: IdempotencyRecord) -> HttpResponse:
    kept = json.loads(decrypt(bytes(stored.body)))
    skip_done_entry(request)
    for level, text, tags in kept["messages"]:
        messages.add_message(request, level, text, extra_tags=tags or "")
    if kept["page"]:
        # For a page that sends what a device kept: this was stored before.
        return HttpResponse(kept["page"], status=stored.status, headers={"X-Sent-Before": "yes"})
    if timezone.now() - stored.at > CLICKED_WITHIN:
        messages.info(request, SAVED_BEFORE)
    return HttpResponseRedirect(stored.headers["Location"])


def _saved_lately(user: User, digests: Collection[bytes], nonce: str) -> bool:
    lately = IdempotencyRecord.objects.filter(
        user=user, key__startswith="form:", request__in=digests, at__gt=timezone.now() - SAME_WITHIN
    )
    return lately.exclude(key=f"form:{nonce}").exists()


def _not_yet(request: HttpRequest, call: Callable[[], Any]) -> Any:
    """Show the form again that a page sent because it took the session for ended, and save nothing."""
    shown = _shown_again(request, ShownAgain.of(request.POST, message=NOT_YET), call)
    return redirect(request.get_full_path()) if shown is None else shown


def _show_held(request: HttpRequest, user: User, call: Callable[[], Any]) -> Any:
    typed = held_forms.take(user, request.get_full_path())
    if not held_forms.has_any(user):
        del request.session[held_forms.HAS_HELD]
    if typed is None:
        return None
    shown = _shown_again(request, ShownAgain.of(typed, message=ENDED), call)
    if shown is None:
        messages.warning(request, LOST)
    return shown


def _shown_again(request: HttpRequest, again: Any, call: Callable[[], Any]) -> Any:
    """Return the page with the form as it was typed; None if the view shows no form.

    The view runs as for a form that was sent. The form rejects data that is only shown again, and as a second
    safeguard nothing that the view writes is committed.
    """
    method, sent = request.method, request.POST
    # Reading the files first keeps Django from parsing the body of a GET later.
    _ = request.FILES
    queued = _new_messages(request)
    before = len(queued)
    request.method, request.POST = "POST", again
    with transaction.atomic():
        response = call()
        if response.status_code == HTTPStatus.OK and hasattr(response, "render"):
            response = response.render()
        transaction.set_rollback(True)
    if response.status_code == HTTPStatus.OK:
        return response
    del queued[before:]
    request.method, request.POST = method, sent
    return None


def _new_messages(request: HttpRequest) -> list[Any]:
    queued: list[Any] = vars(get_messages(request))["_queued_messages"]
    return queued


def _digests(request: HttpRequest) -> list[bytes]:
    """Return the digests of address, entries and files, without the keys that differ from page to page."""
    keys = {"csrfmiddlewaretoken", form_keys.FIELD, form_keys.AGAIN}
    entries = sorted((name, values) for name, values in request.POST.lists() if name not in keys)
    files = sorted((name, [_content_of(one) for one in sent]) for name, sent in request.FILES.lists())
    return idempotency.request_digests([request.get_full_path(), entries, *([files] if files else [])])


def _content_of(file: UploadedFile[bytes]) -> str:
    """Return a digest of what is in a file. Its name may differ for the same file."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _page_before(request: HttpRequest) -> str:
    """Return the page of this site from which the form was sent, or an empty text."""
    before = request.headers.get("Referer", "")
    is_here = url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure())
    parts = urlsplit(before)
    if not (is_here and parts.netloc and _is_page_for_people(parts.path)):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _page_above(request: HttpRequest) -> str:
    """Return the nearest page above an address that only takes forms: of a notice for its acknowledgment."""
    path = request.path
    while (path := path.rstrip("/").rpartition("/")[0] + "/") != "/":
        if _is_page_for_people(path):
            return path
    return ""


def _is_page_for_people(path: str) -> bool:
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return getattr(match.func, "login_required", True) and not path.startswith("/api/")


def _explained(response: HttpResponse) -> HttpResponse:
    response.content = render_to_string("405.html").encode()
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response
