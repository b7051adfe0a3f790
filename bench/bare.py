"""The anchor of `bench.inbound`: a Django view without middleware that inserts the body as it came, and no more."""

from __future__ import annotations

import os

import environ
from django.conf import settings

_database = environ.Env().db("DATABASE_URL", default="sqlite://:memory:")
settings.configure(
    DATABASES={"default": {**_database, "CONN_MAX_AGE": 60}},
    INSTALLED_APPS=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.urandom(16).hex(),
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=[],
    USE_TZ=True,
)

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()

from django.db import models  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402


class Body(models.Model):
    """One body."""

    body = models.TextField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "bare"
        db_table = "bench_body"

    def __str__(self) -> str:
        return str(self.pk)


def take(request: HttpRequest) -> HttpResponse:
    """Insert and answer."""
    Body.objects.create(body=request.body.decode())
    return HttpResponse(headers={"Content-Length": "0"})


urlpatterns = [path("take/", take), path("healthz", lambda request: HttpResponse("ok"))]
