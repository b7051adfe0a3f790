from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from campaigns.triggers import TRIGGERS
from core.triggers import remove

POLICY = ('missing_policy', 'fallback_text')


def give_to_versions(apps, schema_editor):
    """Each version did so far what its template says now. The triggers that keep versions come back after migrate."""
    remove(schema_editor.connection, TRIGGERS)
    own = apps.get_model('campaigns', 'MessageTemplate').objects.filter(pk=OuterRef('template_id'))
    versions = apps.get_model('campaigns', 'TemplateVersion').objects
    versions.update(**{name: Subquery(own.values(name)[:1]) for name in POLICY})


def give_back(apps, schema_editor):
    """A template does what its last version does."""
    last = apps.get_model('campaigns', 'TemplateVersion').objects.filter(template_id=OuterRef('pk')).order_by('-number')
    templates = apps.get_model('campaigns', 'MessageTemplate').objects.filter(versions__isnull=False)
    templates.update(**{name: Subquery(last.values(name)[:1]) for name in POLICY})


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_campaigns'),
    ]

    operations = [
        migrations.AddField(
            model_name='templateversion',
            name='fallback_text',
            field=models.CharField(blank=True, default='', help_text='Stands where the attribute would; blank: nothing.', max_length=200, verbose_name='Fallback text'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='templateversion',
            name='missing_policy',
            field=models.CharField(choices=[('fallback', 'Write the fallback text instead'), ('skip', 'Leave the recipient out'), ('stop', 'Stop and tell me')], default='skip', max_length=10, verbose_name='If an attribute is missing'),
        ),
        migrations.RunPython(give_to_versions, give_back),
        migrations.RemoveField(
            model_name='messagetemplate',
            name='fallback_text',
        ),
        migrations.RemoveField(
            model_name='messagetemplate',
            name='missing_policy',
        ),
    ]
