"""Instants as text (DALI 1.2, Timestamp)."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time, UTC and without a zone, as published tables have it."""
    return datetime.now(UTC).replace(tzinfo=None)


def utc_text(when: datetime) -> str:
    """An instant with a zone, in UTC and whole seconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
