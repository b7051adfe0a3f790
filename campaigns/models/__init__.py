"""What a campaign is made of: texts and people."""

from __future__ import annotations

from campaigns.models.audiences import Audience, AudienceKind, AudienceMember
from campaigns.models.staff_numbers import StaffNumber
from campaigns.models.texts import MessageTemplate, MissingPolicy, TemplateText, TemplateVersion

__all__ = [
    "Audience",
    "AudienceKind",
    "AudienceMember",
    "MessageTemplate",
    "MissingPolicy",
    "StaffNumber",
    "TemplateText",
    "TemplateVersion",
]
