"""Settings, read from the environment and validated at startup.

Without `DATABASE_URL` and `CELERY_BROKER_URL`, embedded PostgreSQL and Valkey servers are used. Their data
are in `.local/` (or `CTC_LOCAL`), and they start on first use.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

from ctcompliance import local, openapi
from ctcompliance.log_settings import log_settings
from ctcompliance.settings_checks import check_values

# Lets generic classes of Django, such as ModelAdmin, take their parameter at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

#: The fewest and the most days for which a safe contact may be valid after a confirmation.
MIN_SAFE_CONTACT_DAYS, MAX_SAFE_CONTACT_DAYS = 7, 180

env = Env()

try:
    DATABASE_URL = env.str("DATABASE_URL", "")
    BROKER_URL = env.str("CELERY_BROKER_URL", "")
    LOCAL_DIR = Path(env.str("CTC_LOCAL", str(BASE_DIR / ".local"))).resolve()
    #: True if the demonstration, its accounts and its mailbox may exist: on the embedded database only.
    IS_LOCAL = not DATABASE_URL

    SECRET_KEY = env.str("DJANGO_SECRET_KEY", local.SECRET_KEY if IS_LOCAL else "")
    ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", ["127.0.0.1", "localhost"] if IS_LOCAL else [])
    #: Where `make up` listens, on the loopback address only.
    WEB_PORT = env.int("CTC_WEB_PORT", local.WEB_PORT)
    SMTP_PORT = env.int("CTC_SMTP_PORT", local.SMTP_PORT)
    FLOWER_PORT = env.int("CTC_FLOWER_PORT", local.FLOWER_PORT)
    #: The address of the site in links of messages. No trailing slash.
    BASE_URL = env.str("CTC_BASE_URL", f"http://127.0.0.1:{WEB_PORT}" if IS_LOCAL else "").rstrip("/")
    #: True if our own proxy is in front, so that its X-Forwarded-For is trusted.
    BEHIND_PROXY = env.bool("CTC_BEHIND_PROXY", False)
    SECRET_KEY_FALLBACKS: list[str] = env.list("DJANGO_SECRET_KEY_FALLBACKS", [])
    #: The secrets from which the keys of encrypted columns are derived, newest first. The first one encrypts;
    #: without any, the secret key does.
    ENCRYPTION_KEYS: list[str] = env.list("CTC_ENCRYPTION_KEYS", [])
    #: True if everyone needs a second factor; only a demonstration may turn it off.
    SECOND_FACTOR_REQUIRED = env.bool("CTC_SECOND_FACTOR", not IS_LOCAL)
    #: Seconds after which a session ends, even if it is in use.
    SESSION_LIMIT = env.int("CTC_SESSION_HOURS", 12) * 3600
    #: Minutes after which an account that wrong guesses locked opens again; 0: an administrator unlocks it.
    LOCK_MINUTES = env.int("CTC_LOCK_MINUTES", 15)
    #: Single sign-on with OpenID Connect: the provider's address and our credentials there.
    SSO = {name: env.str(f"CTC_SSO_{name}", "") for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET")}
    SSO_NAME = env.str("CTC_SSO_NAME", "single sign-on")
    #: True if the provider asks for a second factor, so that this site does not.
    SSO_HAS_SECOND_FACTOR = env.bool("CTC_SSO_SECOND_FACTOR", False)
    EMAIL_URL = env.dj_email_url("EMAIL_URL", f"smtp://127.0.0.1:{SMTP_PORT}" if IS_LOCAL else "smtp:")
    DEFAULT_FROM_EMAIL = env.str("CTC_FROM_EMAIL", "notices@ctcompliance.example")
    #: The sender of email to protected persons: a name and an address that show no one what it is about.
    PROTECTED_FROM_EMAIL = env.str("CTC_PROTECTED_FROM_EMAIL", "") or DEFAULT_FROM_EMAIL
    #: Where replies to them arrive: an address whose mail Resend takes for us. Empty: a reply goes nowhere.
    REPLY_ADDRESS = env.str("CTC_REPLY_ADDRESS", "")
    #: The outside monitor's address, requested every minute by a canary that passed through the system.
    CANARY_URL = env.str("CTC_CANARY_URL", "")
    #: A mailbox read over IMAP, to which a canary is mailed every minute, and its address.
    CANARY_MAILBOX = env.str("CTC_CANARY_MAILBOX", "")
    CANARY_ADDRESS = env.str("CTC_CANARY_ADDRESS", "")
    #: The administrators' own system, to which each finding is posted, and the secret that signs.
    FINDINGS_URL = env.str("CTC_FINDINGS_URL", "")
    FINDINGS_SECRET = env.str("CTC_FINDINGS_SECRET", "")
    #: The database role of the application, beside the owner of the tables, and its password: for `prepare`.
    APP_ROLE = env.str("CTC_APP_ROLE", "")
    APP_PASSWORD = env.str("CTC_APP_PASSWORD", "")
    #: Where digests of the access log go (mailto:, https: or file:), and the minutes between two of them.
    AUDIT_DIGEST_TO: list[str] = env.list("CTC_AUDIT_DIGEST_TO", [])
    AUDIT_DIGEST_MINUTES = env.int("CTC_AUDIT_DIGEST_MINUTES", 60)
    #: The most messages an hour to one person on one channel; more wait and are bundled.
    MOST_MESSAGES_AN_HOUR = env.int("CTC_MOST_MESSAGES_AN_HOUR", 30)
    #: The most days from now to the next action on firearms that are overdue, unless a supervisor sets it.
    MOST_DAYS_TO_NEXT_ACTION = env.int("CTC_MOST_DAYS_TO_NEXT_ACTION", 7)
    #: The providers of email and text messages in order of preference; the next one is used if one is down.
    EMAIL_PROVIDERS: list[str] = env.list("CTC_EMAIL_PROVIDERS", ["smtp"])
    SMS_PROVIDERS: list[str] = env.list("CTC_SMS_PROVIDERS", [])
    #: Other services that people may choose, as the beginnings of Apprise URLs.
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
    #: Where people report a security problem: a URI, for /.well-known/security.txt.
    SECURITY_CONTACT = env.str("CTC_SECURITY_CONTACT", "")
    #: The token for the metrics. Without one, only a demonstration serves them, to its own machine.
    METRICS_TOKEN = env.str("CTC_METRICS_TOKEN", "")
    #: Where “Leave this page” leads: to a site that reveals nothing of what was read.
    EXIT_URL = env.str("CTC_EXIT_URL", "https://www.weather.gov")
    #: Days for which a safe contact is valid after each confirmation, unless the person agrees on another
    #: time.
    SAFE_CONTACT_DAYS = env.int("CTC_SAFE_CONTACT_DAYS", 30)
    #: Hours after which an unanswered message to a protected person is sent again, and after which the
    #: advocate is asked to reach the person.
    SAFE_CONTACT_REPEAT_HOURS = env.int("CTC_SAFE_CONTACT_REPEAT_HOURS", 12)
    SAFE_CONTACT_ASK_HOURS = env.int("CTC_SAFE_CONTACT_ASK_HOURS", 48)
    #: Where the files of orders are stored, encrypted, and the bytes of the largest one.
    ATTACHMENTS_DIR = Path(
        env.str(
            "CTC_ATTACHMENTS_DIR",
            str(LOCAL_DIR / "attachments") if IS_LOCAL else "/var/lib/ctcompliance/attachments",
        )
    )
    ATTACHMENT_MAX_BYTES = env.int("CTC_ATTACHMENT_MAX_BYTES", 15 * 1024 * 1024)
    #: A virus scanner: host:port or unix:/path of a clamd. Empty: files are not scanned, and pages state it.
    CLAMD = env.str("CTC_CLAMD", "")
    LOG_LEVEL = env.log_level("CTC_LOG_LEVEL", logging.INFO)
    #: `line` for people, `json` for machines.
    LOG_FORMAT = env.str("CTC_LOG_FORMAT", "line" if IS_LOCAL else "json")
    DATABASES: dict[str, dict[str, Any]] = {
        "default": local.database(LOCAL_DIR) if IS_LOCAL else env.dj_db_url("DATABASE_URL")
    }
except EnvError as error:
    raise ImproperlyConfigured(str(error)) from error

check_values(globals())

DEBUG = False

INSTALLED_APPS = [
    "ctcompliance.apps.ProjectConfig",
    # Before our own apps: our admin site unregisters allauth's models.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "accounts",
    "orders",
    "guidance",
    "notifications",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # Only its static files: htmx itself.
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

MIDDLEWARE = [
    # First: no later part may learn who reads a page that needs no account.
    "ctcompliance.middleware.forget_reader",
    "ctcompliance.middleware.number_requests",
    # Outside of all that refuses a request: refusals have these headers too.
    "ctcompliance.middleware.never_store",
    "ctcompliance.middleware.trust_no_other_site",
    "ctcompliance.middleware.refuse_other_methods",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    # Before the sign-in of pages: without the second factor a person is not signed in.
    "accounts.gate.SecondFactorGate",
    "accounts.form_middleware.SignInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ctcompliance.middleware.name_rehearsal",
    # Outside of the access log: what is shown is logged, in whatever language.
    "ctcompliance.spanish.pages.desk_in_spanish",
    "accounts.middleware.AccessLog",
    # Last, so that every other check has passed before a form is saved.
    "accounts.form_middleware.Forms",
]

ROOT_URLCONF = "ctcompliance.urls"
WSGI_APPLICATION = "ctcompliance.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The project's templates belong to its first app. Listed here too, each would extend itself.
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

# No session may hang: a statement that exceeds these limits is a defect, and a caller that does not get a
# lock within five seconds retries.
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

#: Seconds for which the link that resets a password works.
PASSWORD_RESET_TIMEOUT = 30 * 60

# Sign-in uses django-allauth with our own pages and rules; see docs/sign-in.md.
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Failed attempts are counted in the database, for all processes together: accounts.services.sign_in.
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
# One step of thirty seconds either way, so that slow typing does not fail. A code still works only once.
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
#: Seconds before the end of an idle session at which the page shows a warning.
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
# The machine itself requests the health endpoints and the metrics without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz", r"^metrics$"]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "accounts.form_middleware.forged"

USE_TZ = True
TIME_ZONE = "America/New_York"
LANGUAGE_CODE = "en-us"
USE_I18N = True
FORMAT_MODULE_PATH = "ctcompliance.formats"

STATIC_URL = "/static/"
# Without collectstatic, files are served from their source folders.
STATIC_ROOT = None if IS_LOCAL else BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = IS_LOCAL

# Shared by all processes, for example for rate limits.
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
#: Seconds to wait for the mail server; far less than an alert's lease.
EMAIL_TIMEOUT = 10

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttles.AccountThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "user": env.str("CTC_API_RATE", "600/min"),
        "exchange": env.str("CTC_EXCHANGE_RATE", "30/hour"),
    },
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.Schema",
    "EXCEPTION_HANDLER": "accounts.api.problems.exception_handler",
}
SPECTACULAR_SETTINGS = openapi.SETTINGS
#: The most bytes of a request body.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
#: A file stays in memory until it is encrypted, and is never a readable temporary file.
FILE_UPLOAD_MAX_MEMORY_SIZE = ATTACHMENT_MAX_BYTES
#: The most imports that the people of one agency open in 24 hours.
IMPORTS_A_DAY = env.int("CTC_IMPORTS_A_DAY", 50)
#: The file of retention classes; empty means the one that comes with the project.
RETENTION_CLASSES = env.str("CTC_RETENTION_CLASSES", "")
#: The most bytes of an import file; a million orders take about 200 million.
IMPORT_MAX_BYTES = env.int("CTC_IMPORT_MAX_BYTES", 512 * 1024 * 1024)

LOGGING = log_settings(level=LOG_LEVEL, log_format=LOG_FORMAT)

# Celery. A message is a hint: if it is lost, repeated, delayed or reordered, work happens later, never not at
# all.
CELERY_BROKER_URL = BROKER_URL or local.broker_url(LOCAL_DIR)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
# An unpublished hint loses nothing, so the publisher does not wait for the broker.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 50
CELERY_TASK_SOFT_TIME_LIMIT = 40
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_DEFAULT_QUEUE = "pulse"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "confirm_publish": True,
    # For publishers. Workers reconnect without limit, by the settings above.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
