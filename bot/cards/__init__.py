"""What a reply says: pure functions from records to text with citations, within Discord's limits."""

from bot.cards.text import Card, pages, plain

__all__ = ["Card", "pages", "plain"]
