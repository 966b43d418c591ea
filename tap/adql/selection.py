"""What the columns of a result are called."""

from collections.abc import Sequence
from dataclasses import replace

from tap.adql import resolved, tree
from tap.adql.scope import Output
from tap.adql.tree import Expression


def item_name(item: tree.Item, value: Expression, position: int) -> tuple[str, str]:
    """The name of a select list entry as clients see it and in the database."""
    if item.alias is not None:
        return item.alias.text, item.alias.name
    written = item.expression
    if isinstance(written, tree.Name):
        if isinstance(value, resolved.Field) and value.type.column is not None:
            return value.type.column.name, value.column
        last = written.parts[-1]
        return last.text, last.name
    if isinstance(written, tree.Call):
        return written.function.lower(), written.function.lower()
    return f"col{position}", f"col{position}"


def unique_names(outputs: Sequence[Output]) -> tuple[Output, ...]:
    """The outputs with a number after names that come again: every format needs distinct ones."""
    taken: set[str] = set()
    wanted = {output.name.lower() for output in outputs}
    made = []
    for output in outputs:
        name, number = output.name, 1
        while name.lower() in taken or (number > 1 and name.lower() in wanted):
            number += 1
            name = f"{output.name}_{number}"
        taken.add(name.lower())
        suffix = name[len(output.name) :]
        made.append(replace(output, name=name, key=output.key + suffix) if suffix else output)
    return tuple(made)
