from django.db import migrations

from core import triggers
from messaging.triggers import TRIGGERS


def install(apps, schema_editor):
    # Old events may go, through the door of access.retention.
    triggers.install(schema_editor.connection, TRIGGERS)


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0003_retention'),
        ('messaging', '0011_quiet_hours_and_caps'),
    ]

    operations = [
        migrations.RunPython(install, install),
    ]
