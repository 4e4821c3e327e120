"""Checks of the values that the settings read from the environment: a wrong one stops the start.

Each message names the variable, the problem and the remedy, and never the value: it may be a secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

#: The fewest characters of a secret from which a key is derived.
SHORTEST_ENCRYPTION_KEY = 32
#: The fewest and the most hours after which the advocate is asked to reach a person who does not answer.
MIN_ASK_HOURS, MAX_ASK_HOURS = 24, 48

#: An address of a mail server. A file or memory, which the library takes, would lose all messages.
MAIL_SERVER = re.compile(r"(smtp|smtps|submission)://([^/@]*@)?[\w.\[\]:-]+(/.*)?")
#: An address of a mailbox. Special letters of user and password are written as in URLs, such as %40 for @.
MAILBOX_URL = re.compile(r"imaps://[^/@:]+:[^/@:]+@[\w.\[\]:-]+(/.*)?")
_CLAMD = re.compile(r"unix:/.+|[^/\s:]+:\d+|\[[0-9a-fA-F:]+\]:\d+")
_CONTACT = re.compile(r"((mailto|tel):|https://)[^\s<>\"]+|")
_DESTINATION = re.compile(r"mailto:[^\s<>\"]+@[^\s<>\"]+|https://[^\s<>\"]+|file:///[^\s<>\"]+")
_SENDER = re.compile(r"\+[1-9]\d{7,14}|MG[0-9a-f]{32}")
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{16,}={0,2}")
_REPLY_ADDRESS = re.compile(r"[^@+\s]{1,20}@[^@\s]+")

_PROVIDERS = {"CTC_EMAIL_PROVIDERS": ("smtp", "resend"), "CTC_SMS_PROVIDERS": ("twilio",)}


def check_values(values: Mapping[str, Any]) -> None:
    """Raise ImproperlyConfigured for the first wrong value; `values` are the settings by name."""
    _check_site(values)
    _check_safe_contacts(values)
    _check_providers(values)
    _check_watching(values)


def _refuse(is_wrong: object, message: str) -> None:
    if is_wrong:
        raise ImproperlyConfigured(message)


def _check_site(values: Mapping[str, Any]) -> None:
    is_local = values["IS_LOCAL"]
    _refuse(
        not is_local and values["DATABASES"]["default"]["ENGINE"] != "django.db.backends.postgresql",
        "DATABASE_URL: not a PostgreSQL URL; set it to postgresql://user:password@host/name.",
    )
    _refuse(not values["SECRET_KEY"], "DJANGO_SECRET_KEY: missing; set it to a long random text.")
    _refuse(
        any(len(one) < SHORTEST_ENCRYPTION_KEY for one in values["ENCRYPTION_KEYS"]),
        f"CTC_ENCRYPTION_KEYS: a key is shorter than {SHORTEST_ENCRYPTION_KEY} characters; "
        "set each to a long random text without commas.",
    )
    _refuse(not values["BASE_URL"], "CTC_BASE_URL: missing; set it to the address people open, https://…")
    _refuse(
        values["CLAMD"] and not _CLAMD.fullmatch(values["CLAMD"]),
        "CTC_CLAMD: not an address; set it to host:3310 or unix:/path, or leave it out.",
    )
    _refuse(
        values["LOG_FORMAT"] not in ("json", "line"),
        f"CTC_LOG_FORMAT: unknown format “{values['LOG_FORMAT']}”; set it to json or line.",
    )
    _refuse(
        not (values["SECOND_FACTOR_REQUIRED"] or is_local),
        "CTC_SECOND_FACTOR: cannot be off with DATABASE_URL; leave it out.",
    )
    _refuse(
        not values["EXIT_URL"].startswith("https://"),
        "CTC_EXIT_URL: not https; leave it out, or set it to a site such as https://…",
    )
    _refuse(
        not _CONTACT.fullmatch(values["SECURITY_CONTACT"]),
        "CTC_SECURITY_CONTACT: not a URI; set it to mailto:security@… or https://…, or leave it out.",
    )
    sso = values["SSO"].values()
    _refuse(
        any(sso) and not all(sso),
        "CTC_SSO_ISSUER, CTC_SSO_CLIENT_ID, CTC_SSO_CLIENT_SECRET: set all three or leave out all three.",
    )


def _check_safe_contacts(values: Mapping[str, Any]) -> None:
    fewest, most = values["MIN_SAFE_CONTACT_DAYS"], values["MAX_SAFE_CONTACT_DAYS"]
    _refuse(
        not fewest <= values["SAFE_CONTACT_DAYS"] <= most,
        f"CTC_SAFE_CONTACT_DAYS: not from {fewest} to {most}; leave it out for 30.",
    )
    repeat, ask = values["SAFE_CONTACT_REPEAT_HOURS"], values["SAFE_CONTACT_ASK_HOURS"]
    _refuse(
        not (1 <= repeat <= ask and MIN_ASK_HOURS <= ask <= MAX_ASK_HOURS),
        "CTC_SAFE_CONTACT_REPEAT_HOURS, CTC_SAFE_CONTACT_ASK_HOURS: not from 1 to the second, or the second "
        f"not from {MIN_ASK_HOURS} to {MAX_ASK_HOURS}; leave out both for 12 and 48.",
    )


def _check_providers(values: Mapping[str, Any]) -> None:
    named = {"CTC_EMAIL_PROVIDERS": values["EMAIL_PROVIDERS"], "CTC_SMS_PROVIDERS": values["SMS_PROVIDERS"]}
    for variable, known in _PROVIDERS.items():
        _refuse(
            not set(named[variable]) <= set(known) or len(set(named[variable])) < len(named[variable]),
            f"{variable}: unknown or repeated provider; choose from {', '.join(known)}.",
        )
    _refuse(
        not values["EMAIL_PROVIDERS"],
        "CTC_EMAIL_PROVIDERS: empty; leave it out, or set it to smtp, resend or both.",
    )
    _refuse(
        "smtp" in values["EMAIL_PROVIDERS"]
        and not (values["IS_LOCAL"] or MAIL_SERVER.fullmatch(os.environ.get("EMAIL_URL", ""))),
        "EMAIL_URL: missing, or not a mail server; set it to submission://user:password@host:587 or "
        "smtp://host, or leave smtp out of CTC_EMAIL_PROVIDERS.",
    )
    for provider in ("resend", "twilio"):
        if provider in {*values["EMAIL_PROVIDERS"], *values["SMS_PROVIDERS"]}:
            _check_provider(provider, values[provider.upper()], is_local=values["IS_LOCAL"])
    sender, secret = values["TWILIO"]["FROM"], values["RESEND"]["SIGNING_SECRET"]
    _refuse(
        sender and not _SENDER.fullmatch(sender),
        "CTC_TWILIO_FROM: invalid; set it to a number such as +18605550100 or a messaging service's id, MG…",
    )
    _refuse(
        secret and not _WEBHOOK_SECRET.fullmatch(secret),
        "CTC_RESEND_SIGNING_SECRET: invalid; copy the whole secret, whsec_…",
    )
    replies = values["REPLY_ADDRESS"]
    _refuse(
        replies and not (_REPLY_ADDRESS.fullmatch(replies) and secret),
        "CTC_REPLY_ADDRESS: set it to an address such as note@replies.example whose mail Resend receives, "
        "and set CTC_RESEND_SIGNING_SECRET, with which Resend signs what it received.",
    )


def _check_provider(provider: str, options: Mapping[str, str], *, is_local: bool) -> None:
    for option, value in options.items():
        _refuse(
            not value,
            f"CTC_{provider.upper()}_{option}: missing; set it, or leave {provider} out of the providers.",
        )
    _refuse(
        not (is_local or options["URL"].startswith("https://")),
        f"CTC_{provider.upper()}_URL: not https; leave it out for the provider's own address.",
    )


def _check_watching(values: Mapping[str, Any]) -> None:
    mailbox, address = values["CANARY_MAILBOX"], values["CANARY_ADDRESS"]
    _refuse(
        bool(mailbox) != bool(address),
        "CTC_CANARY_MAILBOX, CTC_CANARY_ADDRESS: set both or leave out both.",
    )
    _refuse(
        mailbox and not MAILBOX_URL.fullmatch(mailbox),
        "CTC_CANARY_MAILBOX: not a mailbox; set it to imaps://user:password@host/INBOX, or leave it out.",
    )
    secret = values["FINDINGS_SECRET"]
    _refuse(
        values["FINDINGS_URL"] and not _WEBHOOK_SECRET.fullmatch(secret),
        "CTC_FINDINGS_SECRET: missing or invalid; set it to whsec_ and Base64, or leave out "
        "CTC_FINDINGS_URL.",
    )
    for number, destination in enumerate(values["AUDIT_DIGEST_TO"], 1):
        _refuse(
            not _DESTINATION.fullmatch(destination),
            f"CTC_AUDIT_DIGEST_TO: destination {number} is no address; set it to mailto:name@host, "
            "https://… or file:///….",
        )
        _refuse(
            destination.startswith("https:") and not secret,
            "CTC_FINDINGS_SECRET: missing; set it to whsec_ and Base64, or leave https: out of "
            "CTC_AUDIT_DIGEST_TO.",
        )
    _refuse(values["AUDIT_DIGEST_MINUTES"] < 1, "CTC_AUDIT_DIGEST_MINUTES: below 1; leave it out for 60.")
