"""Rules about people that the database keeps, whoever writes."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from apps.core.softdelete.guards import TriggerConstraint

# The organization's row is locked before the count: of two owners who leave at once, the second one waits, and then
# sees that the first has left. Deferred to the commit, because a deleted organization takes its members along in an
# order that is none of our business.
CREATE = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM 1 FROM {organizations} WHERE id = OLD.organization_id AND deleted_at IS NULL FOR UPDATE;
    IF FOUND AND NOT EXISTS (
        SELECT 1 FROM {table}
        WHERE organization_id = OLD.organization_id AND role = 'owner' AND deleted_at IS NULL
    ) THEN
        RAISE EXCEPTION USING MESSAGE = 'an organization always has an owner', ERRCODE = 'check_violation',
            CONSTRAINT = {constraint}, TABLE = {table_name};
    END IF;
    RETURN NULL;
END
$body$
""")
ON_CHANGE = sql.SQL("""
CREATE CONSTRAINT TRIGGER {trigger} AFTER UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.role = 'owner' AND OLD.deleted_at IS NULL AND (
        NEW.role <> 'owner' OR NEW.deleted_at IS NOT NULL OR NEW.organization_id <> OLD.organization_id
    )) EXECUTE FUNCTION {name}()
""")
ON_DELETE = sql.SQL("""
CREATE CONSTRAINT TRIGGER {trigger} AFTER DELETE ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.role = 'owner' AND OLD.deleted_at IS NULL) EXECUTE FUNCTION {name}()
""")


class OwnerStays(TriggerConstraint):
    """A live organization that has had a live owner keeps one. `organizations` is the table of organizations."""

    def __init__(self, *, name: str, organizations: str = "accounts_organization") -> None:
        super().__init__(name=name)
        self.organizations = organizations

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__name__}"
        return path, (), {"name": self.name, "organizations": self.organizations}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OwnerStays):
            return NotImplemented
        return (self.name, self.organizations) == (other.name, other.organizations)

    def __hash__(self) -> int:
        return hash((self.name, self.organizations))

    def statements(self, table: str) -> list[sql.Composable]:
        names = {
            "name": sql.Identifier(self.name),
            "table": sql.Identifier(table),
            "table_name": sql.Literal(table),
            "constraint": sql.Literal(self.name),
            "organizations": sql.Identifier(self.organizations),
        }
        return [
            CREATE.format(**names),
            ON_CHANGE.format(**names, trigger=sql.Identifier(f"{self.name}_update")),
            ON_DELETE.format(**names, trigger=sql.Identifier(f"{self.name}_delete")),
        ]

    def removal(self, table: str) -> list[sql.Composable]:
        drop = sql.SQL("DROP FUNCTION IF EXISTS {name}() CASCADE")  # its triggers go with it
        return [drop.format(name=sql.Identifier(self.name))]
