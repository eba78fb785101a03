"""Insert many rows with one prepared statement: what the ORM does, without an object per row."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connections, models

Convert = Callable[[Any], Any] | None


def insert_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    using: str = "default",
) -> None:
    """Insert `rows`, each a sequence of values in the order of `columns` (names of fields).

    No signals, no defaults, no `save`: for append-only tables. The caller owns the transaction.
    """
    if not rows:
        return
    sql, converters = _statement(model, tuple(columns), using)
    prepared = [
        [
            value if convert is None or value is None else convert(value)
            for convert, value in zip(converters, row, strict=True)
        ]
        for row in rows
    ]
    with connections[using].cursor() as cursor:
        cursor.executemany(sql, prepared)


@lru_cache(maxsize=64)
def _statement(
    model: type[models.Model], columns: tuple[str, ...], using: str
) -> tuple[str, tuple[Convert, ...]]:
    connection = connections[using]
    quote = connection.ops.quote_name
    meta = model._meta  # noqa: SLF001 - Django documents it under this name
    fields: list[Any] = [meta.get_field(name) for name in columns]
    names = ", ".join(quote(field.column) for field in fields)
    places = ", ".join("%s" for _ in fields)
    table = quote(meta.db_table)
    sql = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - names of our own
    return sql, tuple(_converter(field, using) for field in fields)


def _converter(field: Any, using: str) -> Convert:
    """How a value goes into the database; None when it goes as it is."""
    if isinstance(
        field, models.DateTimeField | models.JSONField | models.BinaryField | models.DecimalField
    ):
        return lambda value: field.get_db_prep_save(value, connection=connections[using])
    return None
