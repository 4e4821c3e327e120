"""Settings, all of them read from the environment and checked before anything starts.

With neither `DATABASE_URL` nor `CELERY_BROKER_URL` set, PostgreSQL and Redis are embedded ones that
live under `.local/` (or `CTC_LOCAL`) and start on first use.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

from ctcompliance import local

BASE_DIR = Path(__file__).resolve().parent.parent

#: Days for which a protected person's word on how to be reached may hold: the fewest and the most.
SHORTEST_WORD, LONGEST_WORD = 7, 180

env = Env()

try:
    DATABASE_URL = env.str("DATABASE_URL", "")
    BROKER_URL = env.str("CELERY_BROKER_URL", "")
    LOCAL_DIR = Path(env.str("CTC_LOCAL", str(BASE_DIR / ".local"))).resolve()
    #: True where the demonstration, its sign-ins and its mailbox may exist: only on the embedded database.
    IS_LOCAL = not DATABASE_URL

    SECRET_KEY = env.str("DJANGO_SECRET_KEY", local.SECRET_KEY if IS_LOCAL else "")
    ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", ["127.0.0.1", "localhost"] if IS_LOCAL else [])
    #: Where `make up` listens, on the loopback address only.
    WEB_PORT = env.int("CTC_WEB_PORT", local.WEB_PORT)
    SMTP_PORT = env.int("CTC_SMTP_PORT", local.SMTP_PORT)
    FLOWER_PORT = env.int("CTC_FLOWER_PORT", local.FLOWER_PORT)
    #: Where a message sends its reader. No trailing slash.
    BASE_URL = env.str("CTC_BASE_URL", f"http://127.0.0.1:{WEB_PORT}" if IS_LOCAL else "").rstrip("/")
    #: Whether a proxy of ours is in front, whose word on who asks counts.
    BEHIND_PROXY = env.bool("CTC_BEHIND_PROXY", False)
    SECRET_KEY_FALLBACKS: list[str] = env.list("DJANGO_SECRET_KEY_FALLBACKS", [])
    #: Whether everybody needs a second factor; only the demonstration may do without.
    SECOND_FACTOR_REQUIRED = env.bool("CTC_SECOND_FACTOR", not IS_LOCAL)
    #: Seconds after which a session ends, however busy it is.
    SESSION_LIMIT = env.int("CTC_SESSION_HOURS", 12) * 3600
    #: Single sign-on by OpenID Connect: where the provider is, and what it knows us as.
    SSO = {name: env.str(f"CTC_SSO_{name}", "") for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET")}
    SSO_NAME = env.str("CTC_SSO_NAME", "single sign-on")
    #: Whether the provider asks for a second factor, so that ours need not be asked for.
    SSO_HAS_SECOND_FACTOR = env.bool("CTC_SSO_SECOND_FACTOR", False)
    EMAIL_URL = env.dj_email_url("EMAIL_URL", f"smtp://127.0.0.1:{SMTP_PORT}" if IS_LOCAL else "smtp:")
    DEFAULT_FROM_EMAIL = env.str("CTC_FROM_EMAIL", "notices@ctcompliance.example")
    #: Where a canary that went the whole way tells an outside monitor, each minute, that all is well.
    CANARY_URL = env.str("CTC_CANARY_URL", "")
    #: Messages an hour to one person by one channel, at the most; what is more waits and is gathered.
    MOST_MESSAGES_AN_HOUR = env.int("CTC_MOST_MESSAGES_AN_HOUR", 30)
    #: Who carries email and SMS, first choice first; the next one is for when the ones before it are down.
    EMAIL_PROVIDERS: list[str] = env.list("CTC_EMAIL_PROVIDERS", ["smtp"])
    SMS_PROVIDERS: list[str] = env.list("CTC_SMS_PROVIDERS", [])
    #: Further services by which people may be told, as Apprise names them in its URLs.
    SERVICES: list[str] = env.list("CTC_SERVICES", [])
    RESEND = {
        "API_KEY": env.str("CTC_RESEND_API_KEY", ""),
        "SIGNING_SECRET": env.str("CTC_RESEND_SIGNING_SECRET", ""),
        "URL": env.str("CTC_RESEND_URL", "https://api.resend.com").rstrip("/"),
    }
    TWILIO = {
        "ACCOUNT_SID": env.str("CTC_TWILIO_ACCOUNT_SID", ""),
        "AUTH_TOKEN": env.str("CTC_TWILIO_AUTH_TOKEN", ""),
        #: A number in the form +18605550100, or the id of a messaging service.
        "FROM": env.str("CTC_TWILIO_FROM", ""),
        "URL": env.str("CTC_TWILIO_URL", "https://api.twilio.com").rstrip("/"),
    }
    #: What a monitor shows to read the metrics; without it a demonstration alone gives them, to its machine.
    METRICS_TOKEN = env.str("CTC_METRICS_TOKEN", "")
    #: Where “Leave this page” leads advocates: to a site that says nothing of what was read.
    EXIT_URL = env.str("CTC_EXIT_URL", "https://www.weather.gov")
    #: Days for which a protected person's word on how to be reached holds, unless another span is agreed on.
    SAFE_CONTACT_DAYS = env.int("CTC_SAFE_CONTACT_DAYS", 30)
    LOG_LEVEL = env.log_level("CTC_LOG_LEVEL", logging.INFO)
    #: `line` for people, `json` for machines.
    LOG_FORMAT = env.str("CTC_LOG_FORMAT", "line" if IS_LOCAL else "json")
    DATABASES: dict[str, dict[str, Any]] = {
        "default": local.database(LOCAL_DIR) if IS_LOCAL else env.dj_db_url("DATABASE_URL")
    }
except EnvError as error:
    raise ImproperlyConfigured(str(error)) from error

if not IS_LOCAL and DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL: names no PostgreSQL; set it to postgresql://user:password@host/name."
    )
if not SECRET_KEY:
    raise ImproperlyConfigured("DJANGO_SECRET_KEY: missing; set it to a long random text.")
if not BASE_URL:
    raise ImproperlyConfigured("CTC_BASE_URL: missing; set it to the address people open, https://…")

if LOG_FORMAT not in ("json", "line"):
    raise ImproperlyConfigured(f"CTC_LOG_FORMAT: “{LOG_FORMAT}” is none; set it to json or line.")
if not (SECOND_FACTOR_REQUIRED or IS_LOCAL):
    raise ImproperlyConfigured("CTC_SECOND_FACTOR: cannot be off with DATABASE_URL; leave it out.")
if not EXIT_URL.startswith("https://"):
    raise ImproperlyConfigured("CTC_EXIT_URL: not https; leave it out, or set it to a site such as https://…")
if not SHORTEST_WORD <= SAFE_CONTACT_DAYS <= LONGEST_WORD:
    raise ImproperlyConfigured(
        f"CTC_SAFE_CONTACT_DAYS: not from {SHORTEST_WORD} to {LONGEST_WORD}; leave it out for 30."
    )
if any(SSO.values()) and not all(SSO.values()):
    raise ImproperlyConfigured("CTC_SSO_ISSUER, CTC_SSO_CLIENT_ID, CTC_SSO_CLIENT_SECRET: set all or none.")

for variable, named, known in (
    ("CTC_EMAIL_PROVIDERS", EMAIL_PROVIDERS, ("smtp", "resend")),
    ("CTC_SMS_PROVIDERS", SMS_PROVIDERS, ("twilio",)),
):
    if not set(named) <= set(known) or len(set(named)) < len(named):
        raise ImproperlyConfigured(
            f"{variable}: names a stranger or a double; choose from {', '.join(known)}."
        )
if not EMAIL_PROVIDERS:
    raise ImproperlyConfigured("CTC_EMAIL_PROVIDERS: empty; leave it out, or name smtp, resend or both.")
for provider, options in (("resend", RESEND), ("twilio", TWILIO)):
    if provider not in {*EMAIL_PROVIDERS, *SMS_PROVIDERS}:
        continue
    for option, value in options.items():
        if not value:
            raise ImproperlyConfigured(
                f"CTC_{provider.upper()}_{option}: missing; set it, or leave {provider} out of the providers."
            )
    if not options["URL"].startswith("https://") and not IS_LOCAL:
        raise ImproperlyConfigured(
            f"CTC_{provider.upper()}_URL: not https; leave it out for the provider's own address."
        )
if TWILIO["FROM"] and not re.fullmatch(r"\+[1-9]\d{7,14}|MG[0-9a-f]{32}", TWILIO["FROM"]):
    raise ImproperlyConfigured(
        "CTC_TWILIO_FROM: neither; set it to a number such as +18605550100 or a messaging service's id, MG…"
    )
if RESEND["SIGNING_SECRET"] and not re.fullmatch(r"whsec_[A-Za-z0-9+/]{16,}={0,2}", RESEND["SIGNING_SECRET"]):
    raise ImproperlyConfigured("CTC_RESEND_SIGNING_SECRET: not one; copy it whole, whsec_…")

DEBUG = False

INSTALLED_APPS = [
    "ctcompliance.apps.ProjectConfig",
    # Before our own, whose admin site shows nothing of theirs.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "accounts",
    "orders",
    "notifications",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

MIDDLEWARE = [
    "ctcompliance.middleware.number_requests",
    "django.middleware.security.SecurityMiddleware",
    "ctcompliance.middleware.trust_no_other_site",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    # Before the one that asks for sign-in: who has half of it has none.
    "accounts.gate.SecondFactorGate",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ctcompliance.middleware.never_store",
    "accounts.middleware.AccessLog",
]

ROOT_URLCONF = "ctcompliance.urls"
WSGI_APPLICATION = "ctcompliance.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The project's own are an app's, and the first; named here too, each would extend itself once.
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Every session of this project refuses to hang: a statement that takes longer than these is a defect, and
# a lock that is not had in five seconds is asked for again by whoever wanted it.
SESSION_OPTIONS = (
    "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s -c jit=off"
)

DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})["options"] = SESSION_OPTIONS
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.RoleBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Sign-in is django-allauth's, with pages and rules of our own; docs/sign-in.md says which.
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Wrong guesses are counted in the database, for every process together: accounts.services.sign_in.
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False
MFA_ADAPTER = "accounts.adapters.MfaAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.CodeForm",
    "authenticate_webauthn": "accounts.forms.PasskeyForm",
    "login_webauthn": "accounts.forms.PasskeyAloneForm",
    "activate_totp": "accounts.forms.AddAppForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "ctcompliance"
# One step of thirty seconds either way: a slow hand is no wrong guess. A code still works once only.
MFA_TOTP_TOLERANCE = 1
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SsoAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": SSO_NAME,
                "client_id": SSO["CLIENT_ID"],
                "secret": SSO["CLIENT_SECRET"],
                "settings": {"server_url": SSO["ISSUER"], "fetch_userinfo": False},
            }
        ]
        if all(SSO.values())
        else [],
    }
}

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 30 * 60
#: Seconds before the end of an idle session at which its reader is asked.
SESSION_WARNING = 2 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
IS_HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
# The health addresses and the metrics are asked by the machine itself, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz", r"^metrics$"]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

USE_TZ = True
TIME_ZONE = "America/New_York"
LANGUAGE_CODE = "en-us"
USE_I18N = True

STATIC_URL = "/static/"
# Where nothing has been collected, the files are served from where they are written.
STATIC_ROOT = None if IS_LOCAL else BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = IS_LOCAL

# What several processes must agree on, such as how often somebody called.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

EMAIL_BACKEND = EMAIL_URL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_URL["EMAIL_HOST"]
EMAIL_PORT = EMAIL_URL["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL_URL["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL_URL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_URL["EMAIL_USE_TLS"]
EMAIL_USE_SSL = EMAIL_URL["EMAIL_USE_SSL"]
#: Seconds before a hanging mail server is given up; far below an alert's lease.
EMAIL_TIMEOUT = 10

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.credentials.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.body.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env.str("CTC_API_RATE", "600/min")},
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.Schema",
    "EXCEPTION_HANDLER": "accounts.api.problems.answer",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ctcompliance",
    "DESCRIPTION": "Protective orders, what falls due from them, and who was told.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    # A correction asks for its reason, whatever else it leaves out.
    "COMPONENT_SPLIT_PATCH": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "AgencyKindEnum": "accounts.models.AgencyKind",
        "AttemptKindEnum": "orders.models.AttemptKind",
        "DeadlineStateEnum": "orders.models.DeadlineState",
        "HappeningKindEnum": "orders.services.term.RECORDABLE",
        "HearingPurposeEnum": "orders.models.HearingPurpose",
        "HookStateEnum": "notifications.api.webhooks.STATES",
        "ImportStateEnum": "orders.models.ImportState",
        "OrderKindEnum": "orders.models.OrderKind",
        "ReceiptKindEnum": "orders.models.ReceiptKind",
        "ServiceMethodEnum": "orders.models.ServiceMethod",
        "StatementKindEnum": "orders.models.StatementKind",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
#: Bytes of the largest body.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
#: Bytes of the largest file of an import; a million orders take about 200 million.
IMPORT_MAX_BYTES = env.int("CTC_IMPORT_MAX_BYTES", 512 * 1024 * 1024)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    # Both keep addresses, numbers and dockets out of whatever is logged.
    "formatters": {
        "line": {
            "()": "ctcompliance.logs.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "ctcompliance.logs.JsonFormatter"},
    },
    "filters": {"briefly_once": {"()": "ctcompliance.logs.BrieflyOnce"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # A tick a second is no news, nor is a worker that Flower asks before it has started: these would bury the
    # lines that are.
    "loggers": {
        "celery.app.trace": {"level": max(LOG_LEVEL, logging.WARNING)},
        "celery.beat": {"level": max(LOG_LEVEL, logging.WARNING), "filters": ["briefly_once"]},
        # It names whom it tells.
        "apprise": {"level": logging.CRITICAL},
        # It names the keys of people who register.
        "fido2": {"level": max(LOG_LEVEL, logging.WARNING)},
        "celery.worker.strategy": {"level": max(LOG_LEVEL, logging.WARNING)},
        "flower.inspector": {"level": max(LOG_LEVEL, logging.ERROR)},
    },
}

# Celery. A message is a hint: to lose, double, delay or reorder one changes when, never whether.
CELERY_BROKER_URL = BROKER_URL or local.broker_url(LOCAL_DIR)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
# Who published a hint that nobody took has lost nothing, and does not wait for a broker to come back.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 50
CELERY_TASK_SOFT_TIME_LIMIT = 40
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_DEFAULT_QUEUE = "tick"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "confirm_publish": True,
    # For who publishes; a worker connects again for as long as it takes, by the settings above.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
