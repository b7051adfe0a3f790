"""All settings, read from the environment; every one has a default that works on one machine.

Docs: docs/settings.md. Each `SMSGATEWAY_*` name here is the environment variable of the same name.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import environ

from core.callers import networks_of
from core.keyfile import load_or_create

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Where we are ---------------------------------------------------------------------------------
DATA_DIR = Path(env.str("SMSGATEWAY_DATA_DIR", default=str(BASE_DIR / "var"))).expanduser()
DEBUG = env.bool("SMSGATEWAY_DEBUG", default=False)
# The address under which providers reach us; webhook URLs are built from it and from nothing else.
SMSGATEWAY_PUBLIC_URL = env.str("SMSGATEWAY_PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(SMSGATEWAY_PUBLIC_URL)
_named_hosts = env.list("SMSGATEWAY_ALLOWED_HOSTS", default=[_public.hostname or "localhost"])
# This machine always: health checks come from inside.
ALLOWED_HOSTS = list(dict.fromkeys([*_named_hosts, "localhost", "127.0.0.1", "[::1]"]))
# Proxies whose X-Forwarded-For is believed, as networks; without any the peer of the connection is the caller.
SMSGATEWAY_TRUSTED_PROXIES = networks_of(env.list("SMSGATEWAY_TRUSTED_PROXIES", default=[]))
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

# --- Keys -----------------------------------------------------------------------------------------
_env_keys = ("SMSGATEWAY_SECRET_KEY", "SMSGATEWAY_MASTER_KEYS", "SMSGATEWAY_PEPPER")
if all(name in env.ENVIRON for name in _env_keys):
    SECRET_KEY = env.str("SMSGATEWAY_SECRET_KEY")
    # "k1:base64,k2:base64": every key opens, the last one seals.
    SMSGATEWAY_MASTER_KEYS = dict(item.split(":", 1) for item in env.list("SMSGATEWAY_MASTER_KEYS"))
    SMSGATEWAY_PEPPER = env.str("SMSGATEWAY_PEPPER")
else:
    _keys = load_or_create(DATA_DIR)
    SECRET_KEY = env.str("SMSGATEWAY_SECRET_KEY", default=_keys.secret_key)
    SMSGATEWAY_MASTER_KEYS = _keys.master_keys
    SMSGATEWAY_PEPPER = _keys.pepper

# --- Sending --------------------------------------------------------------------------------------
# Providers inside private networks, as exact host:port; nothing else in private ranges is reachable.
SMSGATEWAY_PRIVATE_HOSTS = frozenset(env.list("SMSGATEWAY_PRIVATE_HOSTS", default=[]))
# A PEM file of authorities that providers' certificates may stand on, besides the public ones.
SMSGATEWAY_CA_FILE = env.str("SMSGATEWAY_CA_FILE", default="")
SMSGATEWAY_SENDER_THREADS = env.int("SMSGATEWAY_SENDER_THREADS", default=64)
# Seconds: how long a provider has to answer; after how long without a word from its worker a message that was taken
# goes back into the queue, and one being sent becomes unknown (messaging/checks.py: what they must be at least).
SMSGATEWAY_PROVIDER_TIMEOUT_SECONDS = env.float("SMSGATEWAY_PROVIDER_TIMEOUT_SECONDS", default=20.0)
SMSGATEWAY_CLAIM_LEASE_SECONDS = env.float("SMSGATEWAY_CLAIM_LEASE_SECONDS", default=60.0)
SMSGATEWAY_SENDING_LEASE_SECONDS = env.float("SMSGATEWAY_SENDING_LEASE_SECONDS", default=90.0)
# So many tries that the provider answered with "later" and a message fails; its validity ends it sooner.
SMSGATEWAY_MAX_TRIES = env.int("SMSGATEWAY_MAX_TRIES", default=8)
# So many attempts in a row without an answer (or with a 5xx) and a provider is left alone for a while; 0: never.
SMSGATEWAY_BREAKER_FAILURES = env.int("SMSGATEWAY_BREAKER_FAILURES", default=5)
# With more messages due than this the API answers 429 until some have left.
SMSGATEWAY_QUEUE_LIMIT = env.int("SMSGATEWAY_QUEUE_LIMIT", default=1_000_000)
SMSGATEWAY_TEXT_LIMIT = 1500
# Campaigns hand over no more while so many messages of their credentials are due: pausing takes effect at once.
SMSGATEWAY_CAMPAIGN_AHEAD = env.int("SMSGATEWAY_CAMPAIGN_AHEAD", default=2_000)
# A campaign with more recipients than this needs the approval of a second person; 0: none does.
SMSGATEWAY_APPROVAL_ABOVE = env.int("SMSGATEWAY_APPROVAL_ABOVE", default=0)
SMSGATEWAY_CURRENCY = env.str("SMSGATEWAY_CURRENCY", default="USD")
SMSGATEWAY_DEFAULT_COUNTRY = env.str("SMSGATEWAY_DEFAULT_COUNTRY", default="US")
# So many permanent failures in a row ("no such number", "cannot be reached") put a number on the suppression list, for
# so many days; 0 failures: never.
SMSGATEWAY_SUPPRESS_AFTER_FAILURES = env.int("SMSGATEWAY_SUPPRESS_AFTER_FAILURES", default=3)
SMSGATEWAY_SUPPRESSION_DAYS = env.int("SMSGATEWAY_SUPPRESSION_DAYS", default=90)
# Which simulator the screens link to ("" = none); `manage.py up` fills it in.
SMSGATEWAY_SIMULATOR_URL = env.str("SMSGATEWAY_SIMULATOR_URL", default="")

# --- Receiving ------------------------------------------------------------------------------------
# Callbacks that come while the database is down wait here; each web host has its own, on a disk that lasts.
SMSGATEWAY_SPOOL_DIR = Path(env.str("SMSGATEWAY_SPOOL_DIR", default=str(DATA_DIR / "spool"))).expanduser()
SMSGATEWAY_SPOOL_MAX_FILES = env.int("SMSGATEWAY_SPOOL_MAX_FILES", default=100_000)
SMSGATEWAY_SPOOL_MAX_BYTES = env.int("SMSGATEWAY_SPOOL_MAX_BYTES", default=1024**3)
SMSGATEWAY_RAW_CALLBACK_DAYS = env.int("SMSGATEWAY_RAW_CALLBACK_DAYS", default=30)

# --- Keeping --------------------------------------------------------------------------------------
# Days that records stay; 0 keeps them. The consent ledger is never deleted. See docs/retention.md.
SMSGATEWAY_MESSAGE_DAYS = env.int("SMSGATEWAY_MESSAGE_DAYS", default=400)
SMSGATEWAY_INBOUND_DAYS = env.int("SMSGATEWAY_INBOUND_DAYS", default=400)
SMSGATEWAY_AUDIT_DAYS = env.int("SMSGATEWAY_AUDIT_DAYS", default=0)
# Messages are written to compressed files here before they are deleted; "" deletes them without.
SMSGATEWAY_ARCHIVE_DIR = env.str("SMSGATEWAY_ARCHIVE_DIR", default="")

# --- Apps -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "access",
    "consent",
    "profiles",
    "links",
    "credentials",
    "messaging",
    "webhooks",
    "campaigns",
    "conversations",
    "reports",
    "operations",
]
MIDDLEWARE = [
    "smsgateway.middleware.request_named",
    "smsgateway.middleware.callbacks_first",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "smsgateway.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "access.one_time_password.one_time_password",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "smsgateway.urls"
WSGI_APPLICATION = "smsgateway.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Database: the queue lives here ---------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'smsgateway.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["ENGINE"] = "core.sqlite"
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # recursive_triggers: without it REPLACE INTO would slip past the append-only triggers. secure_delete: what is
        # erased is overwritten, not only unlinked.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        " PRAGMA recursive_triggers=ON; PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A server that vanishes from the network must show soon: callbacks go to the spool then.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,
        "tcp_user_timeout": 10_000,
        # A client that vanishes inside a transaction must not hold its locks for hours.
        "options": "-c idle_in_transaction_session_timeout=60s -c tcp_keepalives_idle=30"
        " -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
        **DATABASES["default"].get("OPTIONS", {}),
    }

# --- Celery carries wake-ups only (docs/adr/0002) -------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "smsgateway"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "threads"  # tasks only wake the senders' own threads; nothing is gained by processes
CELERY_WORKER_CONCURRENCY = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_CONSUMER = "smsgateway.consumer:Consumer"
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True  # touches late acks only; there are none
CELERY_BEAT_SCHEDULER = (
    "celery.beat.Scheduler"  # keeps no file: the schedule is a convenience (docs/production.md)
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever: delivery goes on without a broker
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 300, "socket_connect_timeout": 1, "socket_timeout": 5}
    if REDIS_URL
    else {"polling_interval": 0.02}
)

# --- Sessions, passwords, headers -----------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
_secure = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _secure
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]  # asked from inside, without TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _secure
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

# --- Language, time, static files -----------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = "smsgateway.formats"
USE_TZ = True
TIME_ZONE = env.str("SMSGATEWAY_TIME_ZONE", default="UTC")
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("SMSGATEWAY_STATIC_DIR", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # no collectstatic needed on one machine, so its directory need not exist
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- API ------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["access.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["access.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "access.api_errors.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "smsgateway API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "ConsentPurposeEnum": ["all", "marketing", "transactional"],
        "MessagePurposeEnum": ["marketing", "transactional", "one_time_code"],
        "MessageStateEnum": "messaging.states.State",
    },
}

# --- Watching -------------------------------------------------------------------------------------
# Whoever sends it as a bearer token reads /metrics; without one only processes of this machine do.
SMSGATEWAY_METRICS_TOKEN = env.str("SMSGATEWAY_METRICS_TOKEN", default="")

# Notices of alerts leave by this mail server: smtp://user:password@host:587, smtp+tls:// or smtps://.
vars().update(env.email_url("SMSGATEWAY_EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 20
SMSGATEWAY_EMAIL_FROM = env.str(
    "SMSGATEWAY_EMAIL_FROM", default=f"smsgateway@{_public.hostname or 'localhost'}"
)

# --- Logging --------------------------------------------------------------------------------------
# One line for each event, JSON or text (docs/logs.md); texts of errors, which may quote anything, only while debugging.
SMSGATEWAY_LOG_FORMAT = env.str("SMSGATEWAY_LOG_FORMAT", default="text" if sys.stderr.isatty() else "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "core.logs.formatter", "kind": SMSGATEWAY_LOG_FORMAT, "texts": DEBUG}},
    "filters": {"mask_callback_tokens": {"()": "core.logs.MaskCallbackTokens"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["mask_callback_tokens"],
        }
    },
    "loggers": {"waitress.queue": {"level": "ERROR"}},  # a short queue is its normal state
    "root": {"handlers": ["console"], "level": env.str("SMSGATEWAY_LOG_LEVEL", default="WARNING")},
}

from smsgateway.admin_theme import UNFOLD  # noqa: E402, F401  the admin's look and menu live beside this file
