"""Credentials from before the outbound engine: HTTP Basic became an auth type, form bodies and rules are explicit."""

from typing import Any

from django.db import migrations

_FORM = "application/x-www-form-urlencoded"


def bring_over(apps: Any, schema_editor: Any) -> None:
    """Fill in the new fields from what said the same before."""
    credential_model = apps.get_model("credentials", "ApiCredential")
    rule_model = apps.get_model("credentials", "ResponseRule")
    for credential in credential_model.objects.prefetch_related("headers"):
        if any(row.name.lower() == "content-type" and row.value.startswith(_FORM) for row in credential.headers.all()):
            credential.body_kind = "form"
        if credential.auth_type == "api_key" and credential.key_location == "basic":
            credential.auth_type = "basic"
            credential.auth_username = credential.key_name or "{{providerAppId}}"
            credential.auth_password, credential.api_token = credential.api_token, ""
            credential.key_location, credential.key_name, credential.key_prefix = "header", "Authorization", "Bearer "
        if credential.mac_hash_format.endswith(":age-nonce"):
            credential.mac_hash_format = credential.mac_hash_format.removesuffix(":age-nonce")
            credential.mac_layout = "age-nonce"
        if credential.vendor == "infobip":
            credential.error_code_path = "messages[0].status.id"
            credential.error_text_path = "messages[0].status.description"
            rule_model.objects.create(
                credential=credential, statuses="2xx", path="messages[0].status.groupId", test="none_of",
                values="1\n3", outcome="failed",
            )
        credential.save()


class Migration(migrations.Migration):
    """Nothing is lost on the way."""

    dependencies = [("credentials", "0002_outbound_engine")]

    operations = [migrations.RunPython(bring_over, migrations.RunPython.noop)]
