"""The only place with SQL: the database, the record in it, the search index, and what the bot writes."""

from bot.store.database import Database, DatabaseDamagedError, DatabaseError, DatabaseInUseError

__all__ = ["Database", "DatabaseDamagedError", "DatabaseError", "DatabaseInUseError"]
