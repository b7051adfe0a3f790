"""Short addresses: a slug right behind the host, so that a text spends as little as possible on them."""

from __future__ import annotations

from django.urls import re_path

from links.drafting import LETTERS
from links.views import follow

urlpatterns = [re_path(rf"^(?P<slug>[0-9A-Za-z]{{{LETTERS}}})$", follow, name="link")]
