"""The list of tracked links: who sends each of them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core.ids import uuid7
from links.models import LinkTarget

pytestmark = pytest.mark.django_db


def test_a_campaign_is_led_to_and_a_channel_is_named(admin_client: Client) -> None:
    campaign_id, url = uuid7(), "https://www.example.com/offer"
    LinkTarget.objects.create(owner=f"campaign:{campaign_id}", written=url, url=url)
    LinkTarget.objects.create(owner="channel:Shop", written=url, url=url)
    page = admin_client.get(reverse("admin:links_linktarget_changelist")).content.decode()
    assert (
        f'href="{reverse("admin:campaigns_campaign_change", args=[campaign_id])}">Open the campaign</a>'
        in page
    )
    assert "Channel Shop" in page
