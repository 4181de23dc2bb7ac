"""The only place with SQL: the database, the record in it, the search index, and what the bot writes."""

from bot.store.database import SQLITE, Database, DatabaseDamagedError, DatabaseError, DatabaseInUseError

__all__ = ["SQLITE", "Database", "DatabaseDamagedError", "DatabaseError", "DatabaseInUseError"]
