"""The settings, read from the environment or from .env once, in __main__, and passed on."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class StartError(Exception):
    """The bot cannot start; the message is a sentence that says what to do."""


class Settings(BaseSettings):
    """Every setting; .env.example explains each. Nothing is needed but the token, and that only to run for real."""

    # A validation error must not print a mistyped token.
    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    discord_token: SecretStr | None = None
    database_path: Path = Path("footnote.sqlite3")
    data_path: Path = ROOT / "data"
    backup_path: Path | None = None
    # Erased text must be out of every backup in time: those of elsewhere, which Footnote cannot reach, included.
    backup_keep: int = Field(default=30, ge=1, le=30)
    home_server: int | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value
