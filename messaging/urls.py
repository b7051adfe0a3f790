"""URLs of the API for messages and consent."""

from __future__ import annotations

from django.urls import path

from consent.api import ConsentCheckView, ConsentEventsApi
from messaging.api import MessageDetailView, MessagesView
from messaging.batch_api import MessageBatchView
from messaging.cancel_api import MessageCancelView
from messaging.consent_api import ConsentChangeView
from messaging.status_api import MessageStatusView

urlpatterns = [
    path("messages", MessagesView.as_view(), name="messages"),
    path("messages/batch", MessageBatchView.as_view(), name="messages-batch"),
    path("messages/status", MessageStatusView.as_view(), name="messages-status"),
    path("messages/<uuid:message_id>/cancel", MessageCancelView.as_view(), name="message-cancel"),
    path("messages/<uuid:message_id>", MessageDetailView.as_view(), name="message"),
    path("consent/check", ConsentCheckView.as_view(), name="consent-check"),
    path("consent/<str:number>", ConsentChangeView.as_view(), name="consent"),
    path("consent/<str:number>/events", ConsentEventsApi.as_view(), name="consent-events"),
]
