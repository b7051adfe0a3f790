"""What uses a message template, so that nobody deletes it under a campaign."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable

from campaigns.models import CampaignVariant, MessageTemplate

_MOST_READ = 1_000


def used_by(templates: Iterable[MessageTemplate]) -> dict[uuid.UUID, list[str]]:
    """Template id -> names of the campaigns that send one of its versions; one query for all."""
    variants = CampaignVariant.objects.filter(version__template__in=[template.pk for template in templates])
    named = variants.values_list("version__template_id", "campaign__name").order_by("campaign__name")
    found: dict[uuid.UUID, list[str]] = defaultdict(list)
    for template_id, name in named.distinct()[:_MOST_READ]:
        found[template_id].append(name)
    return dict(found)
