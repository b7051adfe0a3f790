"""URLs of the API for campaigns and audiences."""

from __future__ import annotations

from django.urls import path

from campaigns.api.audiences import AudienceApi, AudienceCountApi, AudienceMembersApi, AudiencesApi

urlpatterns = [
    path("audiences", AudiencesApi.as_view(), name="audiences"),
    path("audiences/<uuid:audience_id>", AudienceApi.as_view(), name="audience"),
    path("audiences/<uuid:audience_id>/members", AudienceMembersApi.as_view(), name="audience-members"),
    path("audiences/<uuid:audience_id>/count", AudienceCountApi.as_view(), name="audience-count"),
]
