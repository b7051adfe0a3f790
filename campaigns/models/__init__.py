"""What a campaign is made of: texts, people, and what happened when it went out."""

from __future__ import annotations

from campaigns.models.audiences import Audience, AudienceKind, AudienceMember
from campaigns.models.campaigns import Campaign, CampaignKind, CampaignState, CampaignVariant, When
from campaigns.models.runs import CampaignRun, Exclusion, Recipient, RecipientState, RunState, RunTally
from campaigns.models.staff_numbers import StaffNumber
from campaigns.models.texts import MessageTemplate, MissingPolicy, TemplateText, TemplateVersion

__all__ = [
    "Audience",
    "AudienceKind",
    "AudienceMember",
    "Campaign",
    "CampaignKind",
    "CampaignRun",
    "CampaignState",
    "CampaignVariant",
    "Exclusion",
    "MessageTemplate",
    "MissingPolicy",
    "Recipient",
    "RecipientState",
    "RunState",
    "RunTally",
    "StaffNumber",
    "TemplateText",
    "TemplateVersion",
    "When",
]
