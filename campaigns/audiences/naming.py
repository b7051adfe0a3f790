"""What the ids in filters are called: channels, campaigns and links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from campaigns.models import Campaign
from links.models import LinkTarget
from messaging.models import ChannelConfiguration

_MOST = 300
_LONGEST = 60


class Names(Mapping[str, str]):
    """Name by id (as text). Read once when the first is asked for, so a list of filters costs three queries."""

    @cached_property
    def channels(self) -> dict[str, str]:
        """All channel configurations."""
        rows = ChannelConfiguration.objects.order_by("name").values_list("id", "name")
        return {str(key): name for key, name in rows}

    @cached_property
    def campaigns(self) -> dict[str, str]:
        """The newest campaigns."""
        rows = Campaign.objects.order_by("-id").values_list("id", "name")[:_MOST]
        return {str(key): name for key, name in rows}

    @cached_property
    def links(self) -> dict[str, str]:
        """The newest tracked links."""
        rows = LinkTarget.objects.order_by("-id").values_list("id", "written")[:_MOST]
        return {str(key): _short(written) for key, written in rows}

    def __getitem__(self, key: str) -> str:
        found = self.channels.get(key) or self.campaigns.get(key) or self.links.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter({**self.links, **self.campaigns, **self.channels})

    def __len__(self) -> int:
        return len(self.links) + len(self.campaigns) + len(self.channels)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
