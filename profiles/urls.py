"""URLs of the API for profiles."""

from __future__ import annotations

from django.urls import path

from profiles.api import ProfileBulkView, ProfileDetailView, ProfileSearchView

urlpatterns = [
    path("profiles", ProfileSearchView.as_view(), name="profiles"),
    path("profiles/bulk", ProfileBulkView.as_view(), name="profiles-bulk"),
    path("profiles/<str:external_id>", ProfileDetailView.as_view(), name="profile"),
]
