"""PLACEHOLDER by the coordinator so that the CLI imports; helper 2: overwrite this file whole."""
from datetime import datetime, timedelta, UTC
def parse_duration(text: str) -> timedelta: return timedelta(days=int(text[:-1]))
def parse_time(text: str, now: datetime, *, end_of_day: bool = False) -> datetime:
    d = datetime.fromisoformat(text); return d if d.tzinfo else d.astimezone(UTC)
def format_time(dt: datetime) -> str: return f"{dt:%Y-%m-%d %H:%M}"
def format_date(dt: datetime) -> str: return f"{dt:%Y-%m-%d}"
def format_age(dt: datetime, now: datetime) -> str: return f"{(now-dt).days} days ago"
