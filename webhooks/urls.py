"""URLs that providers call, and the page recipients opt out on."""

from __future__ import annotations

from django.urls import path

from webhooks.optout_page import optout_page
from webhooks.views import CallbackView

urlpatterns = [
    path("optout/<str:token>", optout_page, name="optout"),
    path("hooks/<str:token>/", CallbackView.as_view(), name="callback"),
    # Pasted without its last slash it must not be redirected: a client that follows would lose the body.
    path("hooks/<str:token>", CallbackView.as_view()),
    # The last part tells what a provider's call is about that does not say so itself, as in …/delivered/.
    path("hooks/<str:token>/<slug:role>/", CallbackView.as_view(), name="callback-role"),
    path("hooks/<str:token>/<slug:role>", CallbackView.as_view()),
]
