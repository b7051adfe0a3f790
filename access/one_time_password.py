"""The first administrator's printed password works once: whoever logs in with it chooses a new one first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from access.models import OneTimePassword

_SESSION_MARK = "password_is_own"


def require_change(user: AbstractBaseUser) -> None:
    """Let this user do nothing but choose a new password."""
    OneTimePassword.objects.update_or_create(user_id=user.pk, defaults={"password": user.password})


def must_change(user: AbstractBaseUser) -> bool:
    """Whether the user still has the password that was handed out."""
    issued = OneTimePassword.objects.filter(user_id=user.pk).first()
    if issued is None:
        return False
    if issued.password != user.password:
        issued.delete()
        return False
    return True


def one_time_password(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: send a user with a handed-out password to the page where a new one is chosen."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if user.is_authenticated and not request.session.get(_SESSION_MARK):
            change = reverse("admin:password_change")
            if not must_change(user):
                request.session[_SESSION_MARK] = True
            elif request.path not in (change, reverse("admin:logout"), reverse("admin:jsi18n")):
                return redirect(change)
        return get_response(request)

    return middleware
