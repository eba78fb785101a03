"""Revisions: how every process learns that configuration has changed."""

from collections.abc import Iterable
from functools import cache
from typing import Any, ClassVar, TypeVar

from django.db import DEFAULT_DB_ALIAS, models, router, transaction
from django.db.models import F
from typing_extensions import override


class Revision(models.Model):
    """How often the rows of a topic have changed; processes poll it and reload what moved."""

    topic = models.CharField(primary_key=True, max_length=40)
    number = models.PositiveBigIntegerField(default=0)

    @override
    def __str__(self) -> str:
        return f"{self.topic} {self.number}"


def bump(topics: Iterable[str], *, using: str | None = None) -> None:
    """Raise the revision of each topic, inside the caller's transaction when there is one.

    Topics are taken in order of name, so that two writers cannot wait for each other.
    """
    using = using or DEFAULT_DB_ALIAS
    rows = Revision.objects.using(using)
    with transaction.atomic(using=using):
        for topic in sorted(topics):
            if not rows.filter(topic=topic).update(number=F("number") + 1):
                rows.bulk_create([Revision(topic=topic)], ignore_conflicts=True)
                rows.filter(topic=topic).update(number=F("number") + 1)


@cache
def topics_of_delete(model: type[models.Model]) -> frozenset[str]:
    """Name every topic whose rows a delete in `model` may take along or change."""
    topics: set[str] = set()
    pending, seen = [model], {model}
    while pending:
        current = pending.pop()
        if issubclass(current, Configured):
            topics.add(current.topic)
        for relation in current._meta.related_objects:  # noqa: SLF001  (Django documents it)
            if relation.related_model not in seen:
                seen.add(relation.related_model)
                pending.append(relation.related_model)
    return frozenset(topics)


_Row = TypeVar("_Row", bound="Configured", covariant=True)


class ConfiguredQuerySet(models.QuerySet[_Row]):
    """A queryset whose writes are seen by every process."""

    @property
    def _topics(self) -> frozenset[str]:
        return frozenset([self.model.topic])

    @override
    def update(self, **values: Any) -> int:
        with transaction.atomic(using=self.db):
            changed = super().update(**values)
            if changed:
                bump(self._topics, using=self.db)
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def update_unseen(self, **values: Any) -> int:
        """Update what no process keeps in memory, such as a time of last use."""
        return super().update(**values)

    update_unseen.alters_data = True  # type: ignore[attr-defined]

    @override
    def delete(self) -> tuple[int, dict[str, int]]:
        using = self._for_write_db()
        with transaction.atomic(using=using):
            deleted = super().delete()
            if deleted[0]:
                bump(topics_of_delete(self.model), using=using)
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def _for_write_db(self) -> str:
        self._for_write = True  # then `db` is where writes go, as Django's own writes do it
        return self.db

    @override
    def bulk_create(self, objs: Iterable[_Row], *args: Any, **options: Any) -> list[_Row]:
        using = self._for_write_db()
        with transaction.atomic(using=using):
            created = super().bulk_create(objs, *args, **options)
            if created:
                bump(self._topics, using=using)
        return created


ConfiguredManager = models.Manager.from_queryset(ConfiguredQuerySet)


class Configured(models.Model):
    """A row that processes keep in memory: each write raises the revision of its `topic`.

    Writes that pass by this (raw SQL, `loaddata`) must call `bump` themselves. This is the one
    place where saving does more than save.
    """

    topic: ClassVar[str]

    objects = ConfiguredManager()

    class Meta:
        abstract = True

    @override
    def save(self, *args: Any, **options: Any) -> None:
        using = options.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            super().save(*args, **options)
            bump([self.topic], using=using)

    @override
    def delete(self, using: str | None = None, keep_parents: bool = False) -> Any:
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            deleted = super().delete(using=using, keep_parents=keep_parents)
            bump(topics_of_delete(type(self)), using=using)
        return deleted
