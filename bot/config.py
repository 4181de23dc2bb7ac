"""The settings, read from the environment or from .env once, in __main__, and passed on."""

import os
import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
# Where Docker and Podman mount secrets; systemd names its folder in the environment, systemd.exec(5).
SECRETS = Path("/run/secrets")
# What a bot's token looks like, https://docs.discord.com/developers/reference#authentication: three parts in base64.
TOKEN = re.compile(r"[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}")


class StartError(Exception):
    """The bot cannot start; the message is a sentence that says what to do."""


class SettingError(StartError):
    """A setting is wrong: somebody has to change it, and starting again before that is of no use."""


class Settings(BaseSettings):
    """Every setting; .env.example explains each. Nothing is needed but the token, and that only to run for real."""

    # A validation error must not print a mistyped token; a mistyped name in .env is told, not passed over.
    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    discord_token: SecretStr | None = None
    database_path: Path = Path("footnote.sqlite3")
    data_path: Path = ROOT / "data"
    backup_path: Path | None = None
    # Erased text must be out of every backup in time: those of elsewhere, which Footnote cannot reach, included.
    backup_keep: int = Field(default=30, ge=1, le=30)
    home_server: int | None = None
    metrics_port: int = Field(default=9464, ge=0, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_path", "data_path", "backup_path")
    @classmethod
    def _no_token(cls, value: Path) -> Path:
        if TOKEN.search(str(value)):  # it would become the name of a file
            raise ValueError("this looks like a token, which belongs into DISCORD_TOKEN alone")
        return value

    @field_validator("discord_token")
    @classmethod
    def _one_word(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else "x"
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("a token has no spaces, line breaks or other characters in it: copy it again")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read, besides the environment and .env, a file with the name of a setting in a folder of secrets."""
        folders = [SECRETS, Path(os.environ.get("CREDENTIALS_DIRECTORY") or SECRETS)]
        found = SecretsSettingsSource(settings_cls, [folder for folder in folders if folder.is_dir()])
        return init_settings, env_settings, dotenv_settings, found


def hide(text: str, secrets: Sequence[str] = ()) -> str:
    """A text without those secrets, and without what looks like a token."""
    for secret in secrets:
        text = text.replace(secret, "[hidden]") if secret else text
    return TOKEN.sub("[hidden]", text)


def problems(error: ValidationError) -> list[str]:
    """What is wrong with the settings, a sentence each. Nothing that was typed is in it: it may be the token."""
    return [
        _unknown(str(problem["loc"][0]))
        if problem["type"] == "extra_forbidden"
        else f"The setting {str(problem['loc'][0]).upper()} is wrong: {problem['msg'].removeprefix('Value error, ')}."
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _unknown(name: str) -> str:
    close = get_close_matches(name.lower(), Settings.model_fields, 1)
    meant = f"did you mean {close[0].upper()}?" if close else "compare it with .env.example."
    return f"The file .env has a line with a name that is no setting: {meant}"
