"""The project's own settings with throw-away keys; DATABASE_URL and REDIS_URL choose the engines."""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path

_data_dir = Path(os.environ.setdefault("SMSGATEWAY_DATA_DIR", tempfile.mkdtemp(prefix="smsgateway-tests-")))
os.environ["SMSGATEWAY_SECRET_KEY"] = "tests-only-secret-key-0123456789-0123456789-0123456789"
os.environ["SMSGATEWAY_MASTER_KEYS"] = "t1:" + base64.b64encode(bytes(range(32))).decode()
os.environ["SMSGATEWAY_PEPPER"] = base64.b64encode(bytes(range(32, 64))).decode()

from smsgateway.settings import *  # noqa: E402, F403
from smsgateway.settings import DATABASES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SMSGATEWAY_PUBLIC_URL = "https://sms.example.com"
ALLOWED_HOSTS = ["*"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = False
WHITENOISE_AUTOREFRESH = True
if DATABASES["default"]["ENGINE"] == "core.sqlite":
    # A file, not memory: threads of one test must see one database.
    DATABASES["default"]["TEST"] = {"NAME": str(_data_dir / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
        " PRAGMA secure_delete=ON;"
    )
