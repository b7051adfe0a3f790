"""The words of the consent record."""

from __future__ import annotations

from django.db import models


class Kind(models.TextChoices):
    """What happened. Who brought it is the `source`: an import of opt-outs is `opt_out` by `import`."""

    OPT_IN = "opt_in", "Opted in"
    OPT_OUT = "opt_out", "Opted out"
    HELP = "help", "Asked for help"
    OPT_IN_PENDING = "opt_in_pending", "Asked to confirm the opt-in"
    OPT_IN_CONFIRMED = "opt_in_confirmed", "Confirmed the opt-in"
    OPT_IN_DECLINED = "opt_in_declined", "Declined the opt-in"
    POSSIBLE_OPT_OUT = "possible_opt_out", "Possible opt-out"
    REVIEW_DECISION = "review_decision", "Review decided"
    CARRIER_BLOCK = "carrier_block", "Blocked by the carrier"
    NUMBER_DEACTIVATED = "number_deactivated", "Number deactivated"
    ERASE = "erase", "Erased"


class Source(models.TextChoices):
    """Through whom an event reached us; it decides which later event may lift an opt-out."""

    KEYWORD = "keyword", "Keyword"
    WEB = "web", "Web form"
    STAFF = "staff", "Staff"
    API = "api", "API"
    IMPORT = "import", "Import"
    PROVIDER = "provider", "Provider or carrier"


class Standing(models.TextChoices):
    """What holds now for one scope and purpose; a cell that is only paused has no choice in it."""

    IN = "in", "Opted in"
    OUT = "out", "Opted out"
    NONE = "", "No choice"


class Decision(models.TextChoices):
    """How a review ended."""

    OPT_OUT = "opt_out", "Opt-out"
    NOT_AN_OPT_OUT = "not_an_opt_out", "Not an opt-out"
    OVERTAKEN = "overtaken", "The person spoke again"
