"""Footnote: a Discord bot that answers with curated, cited statements."""

__version__ = "0.1.0"
