"""Which tables and columns a name can mean at one place of a query (SQL-92 scope rules)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tap.adql import tree
from tap.adql.errors import AdqlError, did_you_mean, suggest
from tap.adql.kinds import Type, kind_of
from tap.adql.resolved import Field, Relation
from tap.adql.tree import Expression, Identifier
from vo_server.tables import Column


@dataclass(frozen=True, slots=True)
class Output:
    """One column that a query gives.

    Attributes
    ----------
    name : str
        As the client sees it.
    key : str
        Its name in the database.
    expression : Expression
        What it is, in the query's own scope.
    is_hidden : bool
        Whether clients never see it.
    """

    name: str
    key: str
    type: Type
    expression: Expression
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """A column that USING or NATURAL makes of two."""

    key: str
    name: str
    expression: Expression
    relations: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What one table reference brings into scope."""

    relations: tuple[Relation, ...]
    merged: tuple[Merged, ...] = ()

    def common(self, key: str) -> Expression | None:
        """The only column of that lower-case name, or None when there is none or several."""
        found: list[Expression] = [m.expression for m in self.merged if m.key == key]
        covered = {id(r) for m in self.merged if m.key == key for r in m.relations}
        found += [column(r, key) for r in self.relations if key in r.columns and id(r) not in covered]
        return found[0] if len(found) == 1 else None

    def visible(self, qualified: bool = True) -> Iterator[tuple[str, Expression]]:
        """Names and columns in the order of ``*``: merged ones first."""
        for merged in self.merged:
            yield merged.name, merged.expression
        covered = {(m.key, id(r)) for m in self.merged for r in m.relations}
        for relation in self.relations:
            for key, known in relation.columns.items():
                if (key, id(relation)) not in covered:
                    yield known.name, column(relation, key, qualified)


@dataclass(slots=True)
class Scope:
    """The names of one SELECT while it is being resolved; ``parent`` is the query around it.

    Attributes
    ----------
    clause : str
        The clause being resolved; aggregates are refused in some.
    aggregated, inside : bool
        Whether an aggregate of this SELECT was met, and whether we are inside one.
    """

    sides: list[Side]
    parent: "Scope | None" = None
    clause: str = ""
    aggregated: bool = False
    inside: bool = False
    relations: tuple[Relation, ...] = field(init=False)
    qualified: bool = field(init=False)

    def __post_init__(self) -> None:
        """Gather the relations of all sides."""
        self.relations = tuple(relation for side in self.sides for relation in side.relations)
        self.qualified = len(self.relations) > 1 or self.parent is not None

    def find(self, name: tree.Name) -> Expression:
        """The column that ``name`` means, here or in a query around.

        Raises
        ------
        AdqlError
            There is none, or more than one.
        """
        scope: Scope | None = self
        while scope is not None:
            if (found := scope._here(name, self.qualified)) is not None:
                return found
            scope = scope.parent
        raise self._unknown(name)

    def matching(self, qualifier: tuple[Identifier, ...]) -> Relation | None:
        """The relation that ``qualifier`` names in this scope or one around."""
        wanted = tuple(part.text.lower() for part in qualifier)
        scope: Scope | None = self
        while scope is not None:
            found = [r for r in scope.relations if r.label[-len(wanted) :] == wanted]
            if len(found) > 1:
                raise AdqlError(f"{spelled(qualifier)} names two tables here", qualifier[0].at)
            if found:
                return found[0]
            scope = scope.parent
        return None

    def column(self, relation: Relation, key: str) -> Field:
        """A column of one of these relations."""
        return column(relation, key, self.qualified)

    def no_relation(self, qualifier: tuple[Identifier, ...]) -> AdqlError:
        """The error for a qualifier that names no table in FROM."""
        labels = [".".join(relation.label) for relation in self._relations()]
        nearest = suggest(spelled(qualifier), labels)
        message = f"{spelled(qualifier)} is no table or alias in FROM ({', '.join(labels)})"
        return AdqlError(message + did_you_mean(nearest), qualifier[0].at, nearest=nearest)

    def _here(self, name: tree.Name, qualified: bool) -> Expression | None:
        *qualifier, last = name.parts
        key = last.text.lower()
        if qualifier:
            relation = self.matching(tuple(qualifier))
            if relation is None or not holds(relation, last):
                return None
            return column(relation, key, qualified)
        found: list[Expression] = []
        for side in self.sides:
            merged = [m for m in side.merged if m.key == key]
            covered = {id(r) for m in merged for r in m.relations}
            found += [m.expression for m in merged]
            found += [
                column(r, key, qualified) for r in side.relations if holds(r, last) and id(r) not in covered
            ]
        if len(found) > 1:
            owners = [".".join(r.label) for r in self.relations if holds(r, last)]
            raise AdqlError(
                f"{last.text} is ambiguous: write {' or '.join(f'{owner}.{last.text}' for owner in owners)}",
                last.at,
                nearest=[f"{owner}.{last.text}" for owner in owners],
            )
        return found[0] if found else None

    def _unknown(self, name: tree.Name) -> AdqlError:
        *qualifier, last = name.parts
        if qualifier:
            relation = self.matching(tuple(qualifier))
            if relation is None:
                return self.no_relation(tuple(qualifier))
            relations = [relation]
        else:
            relations = list(self._relations())
        nearest = suggest(last.text, {c.name for r in relations for c in r.columns.values()})
        message = f"there is no column {spelled(name.parts)}"
        if nearest:
            message += did_you_mean(nearest)
        elif last.delimited:
            message += f"; a string is written in single quotes: '{last.text}'"
        else:
            message += f" in {', '.join('.'.join(r.label) for r in relations)}"
        return AdqlError(message, name.at, nearest=nearest)

    def _relations(self) -> Iterator[Relation]:
        scope: Scope | None = self
        while scope is not None:
            yield from scope.relations
            scope = scope.parent


def column(relation: Relation, key: str, qualified: bool = True) -> Field:
    """The column of that lower-case name, which must exist."""
    known = relation.columns[key]
    kind = relation.kinds.get(key) or kind_of(known)
    of = Type(kind, known.unit, known.ucd, known)
    return Field(relation, relation.names.get(key, key), of, qualified)


def holds(relation: Relation, name: Identifier) -> bool:
    """Whether the relation has that column; in double quotes the case counts."""
    key = name.text.lower()
    known: Column | None = relation.columns.get(key)
    if known is None:
        return False
    return not name.delimited or name.text in (known.name, relation.names.get(key, key))


def spelled(parts: tuple[Identifier, ...]) -> str:
    """A name as the query has it."""
    return ".".join(f'"{part.text}"' if part.delimited else part.text for part in parts)
