from django.db import migrations, models

from core import triggers
from messaging.triggers import TRIGGERS


def install(apps, schema_editor):
    # SQLite makes a table anew to add a column, and its triggers go with the old one.
    triggers.install(schema_editor.connection, TRIGGERS)


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='in_reply_to',
            field=models.CharField(blank=True, default='', max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='messagepart',
            name='text',
            field=models.TextField(blank=True, default=''),
            preserve_default=False,
        ),
        migrations.RunPython(install, install),
    ]
