"""What the database itself sees to: a changed number does not keep the hash of the old one."""

from __future__ import annotations

from core.triggers import Trigger

_TABLE = "profiles_profile"
_NAME = f"{_TABLE}_hash_follows"
_CHANGED = "NEW.msisdn <> OLD.msisdn AND NEW.number_hash = OLD.number_hash AND NEW.number_hash <> ''"

TRIGGERS: tuple[Trigger, ...] = (
    Trigger(
        name=_NAME,
        table=_TABLE,
        sqlite=f"CREATE TRIGGER {_NAME} AFTER UPDATE OF msisdn ON {_TABLE} WHEN {_CHANGED} "
        f"BEGIN UPDATE {_TABLE} SET number_hash = '' WHERE id = NEW.id; END",
        postgresql=(
            f"CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.number_hash := ''; RETURN NEW; END $$",
            f"CREATE TRIGGER {_NAME} BEFORE UPDATE OF msisdn ON {_TABLE} FOR EACH ROW "
            f"WHEN ({_CHANGED}) EXECUTE FUNCTION {_NAME}()",
        ),
    ),
)
