"""URLs of the API for campaigns and audiences."""

from __future__ import annotations

from django.urls import path

from campaigns.api.audiences import AudienceApi, AudienceCountApi, AudienceMembersApi, AudiencesApi
from campaigns.api.campaigns import CampaignApi, CampaignsApi, CampaignTriggerApi

urlpatterns = [
    path("campaigns", CampaignsApi.as_view(), name="campaigns"),
    path("campaigns/<uuid:campaign_id>", CampaignApi.as_view(), name="campaign"),
    path("campaigns/<uuid:campaign_id>/trigger", CampaignTriggerApi.as_view(), name="campaign-trigger"),
    path("audiences", AudiencesApi.as_view(), name="audiences"),
    path("audiences/<uuid:audience_id>", AudienceApi.as_view(), name="audience"),
    path("audiences/<uuid:audience_id>/members", AudienceMembersApi.as_view(), name="audience-members"),
    path("audiences/<uuid:audience_id>/count", AudienceCountApi.as_view(), name="audience-count"),
]
