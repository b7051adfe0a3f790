"""Template tags of the admin screens: crumbs from the menu and ModelAdmin.section, words for screen readers."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from django import template
from django.contrib import admin
from django.db.models import Model
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register = template.Library()
# Pages below an object, told by what Django's own views put in the context.
_SUB_PAGES = {"deleted_objects": "Delete"}
# What unfold's markup lacks: tags as it writes them, and the attribute that each is given.
_ATTRIBUTES = (
    ('<div id="main"', 'role="main"'),
    ('<nav id="nav-sidebar-inner"', 'aria-label="Menu"'),
    ('id="searchbar-submit"', 'aria-label="Search"'),
    ("x-on:click='showActions = !showActions'", 'aria-label="More"'),
)
_ICON = re.compile(r"<span(?=[^>]*\bmaterial-symbols-outlined)(?![^>]*\baria-hidden)")
_LABEL = re.compile(r'(?<= data-label=")[a-z]')


class Crumb(NamedTuple):
    """One step of the breadcrumb; `link` is empty for words that are no page."""

    title: str
    link: str


@register.simple_tag(takes_context=True)
def screen_crumbs(context: Context) -> list[Crumb]:
    """Crumbs of the current page: ModelAdmin.section or the menu group, the menu's word for it, the object."""
    opts = context.get("opts")
    model_admin = screen_admin(context)
    if opts is None or model_admin is None:
        return []
    changelist = _url(f"{opts.app_label}_{opts.model_name}_changelist")
    group, name = _menu_words(context, changelist)
    name = name or capfirst(opts.verbose_name_plural)
    section: tuple[str, ...] = getattr(model_admin, "section", ()) or (group,)
    before = [Crumb(word, "") for word in section if word not in ("", name)]
    return [*before, Crumb(name, changelist), *_object_crumb(context, opts)]


@register.simple_tag(takes_context=True)
def screen_admin(context: Context) -> Any:
    """The ModelAdmin of the current page, or None."""
    return admin.site._registry.get(getattr(context.get("opts"), "model", None))  # type: ignore[arg-type]


@register.filter
def spoken(html: str) -> SafeString:
    """A rendered admin page with landmarks, icons that are not read out, and capitals on phone cards' labels."""
    for tag, attribute in _ATTRIBUTES:
        html = html.replace(tag, f"{tag} {attribute}")
    html = _ICON.sub('<span aria-hidden="true"', html)
    return mark_safe(_LABEL.sub(lambda letter: letter[0].upper(), html))  # noqa: S308  the page's own markup


def _object_crumb(context: Context, opts: Any) -> list[Crumb]:
    if context.get("add"):
        model_admin = admin.site._registry[opts.model]
        return [Crumb(getattr(model_admin, "add_label", "") or f"Add {opts.verbose_name}", "")]
    shown = context.get("original") or context.get("object")
    tool = [Crumb(str(context["tool_title"]), "")] if context.get("tool_title") else []
    if not isinstance(shown, Model):
        return tool
    crumb = Crumb(str(shown), _url(f"{opts.app_label}_{opts.model_name}_change", shown.pk))
    return [crumb, *tool, *(Crumb(word, "") for name, word in _SUB_PAGES.items() if name in context)]


def _menu_words(context: Context, link: str) -> tuple[str, str]:
    """Group and title under which the menu lists a page, or two empty texts."""
    for group in context.get("sidebar_navigation") or ():
        for item in group["items"]:
            if link and item["link"] == link:
                return str(group["title"]), str(item["title"])
    return "", ""


def _url(name: str, *args: Any) -> str:
    try:
        return reverse(f"admin:{name}", args=args)
    except NoReverseMatch:
        return ""
