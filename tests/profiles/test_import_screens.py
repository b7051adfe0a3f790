from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from operations.periodic import continue_profile_imports
from profiles.importing.models import ImportState, ProfileImport
from profiles.models import Profile

pytestmark = pytest.mark.django_db
A, B = "+14155550101", "+14155550102"
TEXT = f"id,phone,first name,points\nada,{A},Ada,7\nbob,{B},Bob,8\n,{A},x,1\n"


@pytest.fixture(autouse=True)
def staff(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ada", password="a-long-password-1"))


def uploaded(client: Client, text: str = TEXT, data: bytes = b"") -> Any:
    file = io.BytesIO(data or text.encode())
    file.name = "people.csv"
    return client.post(reverse("admin:profiles_profileimport_add"), {"file": file}, follow=True)


def step(client: Client, name: str, **values: Any) -> Any:
    job = ProfileImport.objects.get()
    return client.post(reverse("admin:profiles_import_step", args=[job.pk, name]), values, follow=True)


def chosen(answer: Any, **changes: Any) -> dict[str, Any]:
    """What the form on the page would post."""
    form = answer.context["form"]
    return {name: form[name].value() or "" for name in form.fields} | changes


def test_a_file_goes_from_upload_to_profiles_in_four_clicks(client: Client) -> None:
    page = uploaded(client)
    assert "What the columns mean" in page.content.decode()
    assert chosen(page)["path_2"] == "firstName"
    page = step(client, "choose", **chosen(page))
    assert page.headers["Refresh"]
    assert "Trying every row" in page.content.decode()
    continue_profile_imports()
    job = ProfileImport.objects.get()
    page = client.get(reverse("admin:profiles_profileimport_change", args=[job.pk]))
    assert "Import 2 rows" in page.content.decode()
    assert "There is no external ID in this row." in page.content.decode()
    report = client.get(reverse("admin:profiles_import_report", args=[job.pk, "refused"]))
    assert b"".join(report.streaming_content).decode().splitlines()[1].startswith("4,would be refused,")
    step(client, "start")
    continue_profile_imports()
    assert ProfileImport.objects.get().state == ImportState.DONE
    assert Profile.objects.get(external_id="ada").attributes == {"firstName": "Ada", "points": 7}
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["uploaded import", "tried import", "downloaded import report", "started import"]


def test_a_file_that_cannot_be_read_is_explained(client: Client) -> None:
    page = uploaded(client, data=b"," * 100_000)
    assert "too many columns" in page.content.decode()
    assert not ProfileImport.objects.exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"target_0": ""}, "Say which column is the external ID"),
        ({"target_1": "", "key": "number"}, "Say which column is the number"),
        ({"target_2": "external_id"}, "Two columns are the External ID"),
        ({"path_2": "first name"}, "Use letters, digits and _"),
        ({"path_2": ""}, "Use letters, digits and _"),
        ({"path_2": "points"}, "stands twice"),
        ({"path_2": "points.a"}, "holds another one"),
        ({"country": "1"}, "two letters"),
        ({"policy": "x"}, "valid choice"),
        ({"target_0": "nonsense"}, "valid choice"),
    ],
)
def test_a_choice_that_makes_no_sense_is_explained(client: Client, changes: Any, told: str) -> None:
    page = uploaded(client)
    assert told in step(client, "choose", **chosen(page, **changes)).content.decode()
    assert ProfileImport.objects.get().state == ImportState.MAPPING


def test_a_step_out_of_turn_is_refused(client: Client) -> None:
    uploaded(client)
    assert "has moved on" in step(client, "start").content.decode()
    step(client, "cancel")
    assert ProfileImport.objects.get().state == ImportState.CANCELLED
    assert "has moved on" in step(client, "cancel").content.decode()


def test_what_was_chosen_is_shown_again(client: Client) -> None:
    page = uploaded(client)
    step(client, "choose", **chosen(page, target_3="", policy="skip"))
    continue_profile_imports()
    job = ProfileImport.objects.get()
    page = client.get(reverse("admin:profiles_profileimport_change", args=[job.pk]))
    assert (chosen(page)["target_3"], chosen(page)["policy"]) == ("", "skip")


def test_cells_are_shown_as_text(client: Client) -> None:
    page = uploaded(client, text=f"id,phone,<b>x</b>\nada,{A},<script>alert(1)</script>\n")
    assert "<script>alert" not in page.content.decode()
    assert "<b>x</b>" not in page.content.decode()
