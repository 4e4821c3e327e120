"""Everything the project imports from internal modules of django-allauth, which have no public equivalent.

A test (`test_allauth_internals.py`) fails if one of them moves or changes, or if another module imports from
an internal module.
"""

from __future__ import annotations

# Records a sign-in method in the session, which the stages read.
from allauth.account.internal.flows.login import record_authentication

# Compares codes without punctuation, in constant time.
from allauth.core.internal.cryptokit import compare_user_code

# Codes by time step: the public check stores used codes in the cache, the project in the row of the app.
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

# Signs in by passkey with a page to return to; the public view always goes to the default page.
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login

# Verifies the ID token of the single sign-on provider with the keys that it publishes.
from allauth.socialaccount.internal import jwtkit

__all__ = [
    "compare_user_code",
    "format_hotp_value",
    "hotp_value",
    "jwtkit",
    "perform_passwordless_login",
    "record_authentication",
    "yield_hotp_counters_from_time",
]
