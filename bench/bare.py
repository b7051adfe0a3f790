"""The anchor of `bench.inbound`: a view that inserts the body as it came and no more, in a project as Django makes it.

That is: the middleware of `django-admin startproject`, the ORM, connections kept between requests.
"""

from __future__ import annotations

import os

import environ
from django.conf import settings

_database = environ.Env().db("DATABASE_URL", default="sqlite://:memory:")
settings.configure(
    DATABASES={"default": {**_database, "CONN_MAX_AGE": 60}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.urandom(16).hex(),
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    USE_TZ=True,
)

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()

from django.db import models  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402


class Body(models.Model):
    """One body."""

    body = models.TextField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "bare"
        db_table = "bench_body"

    def __str__(self) -> str:
        return str(self.pk)


@csrf_exempt
def take(request: HttpRequest) -> HttpResponse:
    """Insert and answer."""
    Body.objects.create(body=request.body.decode())
    return HttpResponse()


urlpatterns = [path("take/", take), path("healthz", lambda request: HttpResponse("ok"))]
