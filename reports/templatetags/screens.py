"""Template tags of the admin screens: crumbs from the menu and from ModelAdmin.section."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template
from django.contrib import admin
from django.db.models import Model
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst

register = template.Library()
# Pages below an object, told by what Django's own views put in the context.
_SUB_PAGES = {"deleted_objects": "Delete"}


class Crumb(NamedTuple):
    """One step of the breadcrumb; `link` is empty for words that are no page."""

    title: str
    link: str


@register.simple_tag(takes_context=True)
def screen_crumbs(context: Context) -> list[Crumb]:
    """Crumbs of the current admin page; [] where its ModelAdmin names no section."""
    opts = context.get("opts")
    model_admin = admin.site._registry.get(getattr(opts, "model", None))  # type: ignore[arg-type]
    section: tuple[str, ...] = getattr(model_admin, "section", ())
    if opts is None or not section:
        return []
    changelist = _url(f"{opts.app_label}_{opts.model_name}_changelist")
    name = _menu_title(context, changelist) or capfirst(opts.verbose_name_plural)
    crumbs = [*(Crumb(word, "") for word in section), Crumb(name, changelist)]
    return [*crumbs, *_object_crumb(context, opts)]


@register.simple_tag(takes_context=True)
def screen_admin(context: Context) -> Any:
    """The ModelAdmin of the current page, or None."""
    return admin.site._registry.get(getattr(context.get("opts"), "model", None))  # type: ignore[arg-type]


def _object_crumb(context: Context, opts: Any) -> list[Crumb]:
    if context.get("add"):
        model_admin = admin.site._registry[opts.model]
        return [Crumb(getattr(model_admin, "add_label", "") or f"Add {opts.verbose_name}", "")]
    shown = context.get("original") or context.get("object")
    if not isinstance(shown, Model):
        return []
    crumb = Crumb(str(shown), _url(f"{opts.app_label}_{opts.model_name}_change", shown.pk))
    return [crumb, *(Crumb(word, "") for name, word in _SUB_PAGES.items() if name in context)]


def _menu_title(context: Context, link: str) -> str:
    for group in context.get("sidebar_navigation") or ():
        for item in group["items"]:
            if link and item["link"] == link:
                return str(item["title"])
    return ""


def _url(name: str, *args: Any) -> str:
    try:
        return reverse(f"admin:{name}", args=args)
    except NoReverseMatch:
        return ""
