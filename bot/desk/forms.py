"""The forms of the desk."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

import discord
from discord import ui

from bot import errors
from bot.fields import Field, Part, as_text, part_of
from bot.models import Pack, Ref

# What a text field of a form holds, https://discord.com/developers/docs/components/reference#text-input.
MOST = 4000
WHY = Field("why", "Why", "What changed, or what was wrong. Everybody can read this later.", 300)


@dataclass(frozen=True)
class Draft:
    """What a form works on: a record as it is, what was typed for a part of it, and the proposal it belongs to."""

    ref: Ref
    part: str
    raw: dict[str, Any]
    base: int = 0
    why: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    proposal: int | None = None


Done = Callable[[discord.Interaction[Any], dict[str, str]], Awaitable[None]]


class Form(ui.Modal):
    """A form of up to five fields. What was typed goes to `done` by the fields' paths."""

    def __init__(self, title: str, fields: list[tuple[Field, str]], done: Done) -> None:
        # Discord tells nobody of a form that is dismissed: without an end it would be kept for ever.
        super().__init__(title=title[:45], timeout=1800)
        self.done = done
        self.inputs: dict[str, ui.TextInput[Self] | ui.Select[Self]] = {}
        for asked, now in fields:
            self.inputs[asked.path] = _input(asked, now)
            self.add_item(
                ui.Label(text=asked.label[:45], description=asked.help[:100] or None, component=self.inputs[asked.path])
            )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Hand on what was typed."""
        errors.begin(interaction)
        await self.done(interaction, {path: _typed(item) for path, item in self.inputs.items()})
        errors.ended(interaction, "ok")

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:  # type: ignore[override]
        """Answer in words where discord.py would only log."""
        await errors.report(interaction, error)


def _input(asked: Field, now: str) -> ui.TextInput[Any] | ui.Select[Any]:
    if asked.choices:
        options = [discord.SelectOption(label=choice, default=choice == now) for choice in asked.choices]
        return ui.Select(custom_id=asked.path, options=options, required=asked.required)
    if len(now) > MOST:
        raise errors.UserError(f"“{asked.label}” is too long for a form in Discord: change it in the files in data/.")
    return ui.TextInput(
        custom_id=asked.path,
        style=discord.TextStyle.paragraph if asked.long else discord.TextStyle.short,
        default=now or None,
        required=asked.required,
        max_length=max(asked.most, len(now)),
    )


def _typed(item: ui.TextInput[Any] | ui.Select[Any]) -> str:
    return (item.values[0] if item.values else "") if isinstance(item, ui.Select) else item.value


def record_form(draft: Draft, pack: Pack, done: Done) -> Form:
    """The form for a part of a record and the reason, filled with what the record says or what was typed before."""
    part: Part = part_of(draft.ref.sort, draft.part)
    topics = tuple(topic.id for topic in pack.topics)
    fields = [
        (
            Field(**(vars(asked) | {"choices": topics})) if asked.choices == ("topics",) else asked,
            draft.texts.get(asked.path, as_text(draft.raw, asked)),
        )
        for asked in part.fields
    ]
    return Form(part.title, [*fields, (WHY, draft.why)], done)
