"""URLs that providers call."""

from __future__ import annotations

from django.urls import path

from webhooks.views import CallbackView

urlpatterns = [
    path("hooks/<str:token>/", CallbackView.as_view(), name="callback"),
    # Pasted without its last slash it must not be redirected: a client that follows would lose the body.
    path("hooks/<str:token>", CallbackView.as_view()),
    # The last part tells what a provider's call is about that does not say so itself, as in …/delivered/.
    path("hooks/<str:token>/<slug:role>/", CallbackView.as_view(), name="callback-role"),
    path("hooks/<str:token>/<slug:role>", CallbackView.as_view()),
]
