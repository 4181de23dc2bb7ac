"""The layouts of the desk: previews, review cards and lists, whose every button outlives a restart.

A button or menu carries what it does and the number of what it is about, and hands both to the handler that a cog has
registered for it under `bot.desk`.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import ui

from bot import errors, responses
from bot.cards import Card, pages
from bot.cards.review import paged
from bot.cards.text import shorten
from bot.models import Proposal, Purpose, State
from bot.ui import Reply


@dataclass(frozen=True)
class Press:
    """What somebody pressed or chose: what it is about, in which version, on which page, and the choice."""

    number: int = 0
    version: int = 0
    page: int = 0
    value: str = ""


Handler = Callable[[discord.Interaction[Any], Press], Awaitable[None]]
STYLES = {
    "approve": discord.ButtonStyle.success,
    "send": discord.ButtonStyle.success,
    "reject": discord.ButtonStyle.danger,
    "drop": discord.ButtonStyle.danger,
}


async def _handle(interaction: discord.Interaction[Any], action: str, press: Press) -> None:
    interaction.client.limits.spend(interaction.user.id, "press")
    handlers: Mapping[str, Handler] = interaction.client.desk
    if action not in handlers:
        raise errors.UserError("This button is from an older version. Please use the command again.")
    await handlers[action](interaction, press)


class DeskButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"fk:(?P<action>[a-z-]{1,16}):(?P<number>\d{1,20}):(?P<version>\d{1,6}):(?P<page>\d{1,4})",
):
    """A button of the desk."""

    def __init__(self, action: str, label: str = "", number: int = 0, version: int = 0, page: int = 0) -> None:
        custom_id = f"fk:{action}:{number}:{version}:{page}"
        style = STYLES.get(action, discord.ButtonStyle.secondary)
        super().__init__(ui.Button(label=label or action, style=style, custom_id=custom_id))
        self.action = action
        self.press = Press(number, version, page)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Find a button again from what Discord kept of it."""
        return cls(match["action"], "", int(match["number"]), int(match["version"]), int(match["page"]))

    @errors.guarded
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the button says."""
        await _handle(interaction, self.action, self.press)


class DeskMenu(ui.DynamicItem[ui.Select[Any]], template=r"fm:(?P<action>[a-z-]{1,16}):(?P<page>\d{1,4})"):
    """A menu of the desk, of at most 25 choices."""

    def __init__(self, action: str, page: int = 0, hint: str = "", options: Mapping[str, str] | None = None) -> None:
        offered = [
            discord.SelectOption(label=shorten(label, 100), value=value)
            for value, label in list((options or {}).items())[:25]
        ]
        super().__init__(
            ui.Select(
                custom_id=f"fm:{action}:{page}",
                placeholder=hint or None,
                options=offered or [discord.SelectOption(label="-")],
            )
        )
        self.action = action

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Find a menu again from what Discord kept of it."""
        return cls(match["action"], int(match["page"]))

    @errors.guarded
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what was chosen."""
        data: Any = interaction.data or {}
        await _handle(interaction, self.action, Press(value=(data.get("values") or [""])[0]))


def turns(turn: DeskButton, page: int, pages: int) -> list[DeskButton]:
    """The buttons that turn to the pages before and after one, as `turn` does."""
    about = (turn.action, turn.press.number, turn.press.version)
    previous = [DeskButton(about[0], "Previous", *about[1:], page - 1)] if page else []
    return previous + ([DeskButton(about[0], "Next", *about[1:], page + 1)] if page < pages - 1 else [])


class Sheet(ui.LayoutView):
    """One page of Discord text with buttons and menus."""

    def __init__(
        self,
        lines: Iterable[str],
        buttons: Sequence[DeskButton] = (),
        menus: Sequence[DeskMenu] = (),
        *,
        page: int = 0,
        turn: DeskButton | None = None,
    ) -> None:
        super().__init__(timeout=None)
        texts = paged(lines)
        page = max(0, min(page, len(texts) - 1))
        container: ui.Container[Self] = ui.Container(ui.TextDisplay(texts[page]))
        if len(texts) > 1:
            container.add_item(ui.TextDisplay(f"-# Page {page + 1} of {len(texts)}"))
        self.add_item(container)
        buttons = [*buttons, *(turns(turn, page, len(texts)) if turn else ())]
        for menu in menus:
            self.add_item(ui.ActionRow(menu))
        if buttons:
            self.add_item(ui.ActionRow(*buttons))


class Preview(ui.LayoutView):
    """A card exactly as members would see it, and what its author can do with the draft."""

    def __init__(self, card: Card, note: str, buttons: Sequence[DeskButton], turn: DeskButton, page: int = 0) -> None:
        super().__init__(timeout=None)
        shown = Reply(card, page)
        container = shown.children[0]
        shown.remove_item(container)
        self.add_item(ui.TextDisplay("-# As members would see it:"))
        self.add_item(container)
        self.add_item(ui.TextDisplay(note))
        if row := [*buttons, *turns(turn, page, len(pages(card)))]:
            self.add_item(ui.ActionRow(*row))


def review_card(found: Proposal, lines: Iterable[str], page: int = 0) -> Sheet:
    """A proposal with what reviewers can do with it."""
    about = (found.id, found.version)
    buttons, row = [], []
    if found.state is State.WAITING:
        # Nobody could change what the files say from here: it is taken or it is not.
        ask = [DeskButton("ask", "Ask for changes", *about)] if found.purpose is not Purpose.FILES else []
        buttons = [DeskButton("approve", "Approve", *about), *ask, DeskButton("reject", "Reject", *about)]
        if len(found.changes) == 1 and found.changes[0].body and found.purpose is not Purpose.REDACTION:
            row = [DeskButton("peek", "As members would see it", *about)]
    elif found.state is State.CHANGES_ASKED:
        buttons = [DeskButton("change", "Change it", *about), DeskButton("drop", "Discard", *about)]
    view = Sheet(lines, buttons, page=page, turn=DeskButton("turn", "", *about))
    # A row of its own: with two buttons that turn pages there would be six, and a row holds five.
    return view.add_item(ui.ActionRow(*row)) if row else view


async def tell(interaction: discord.Interaction[Any], text: str | ui.LayoutView) -> None:
    """Answer privately, first or after another answer."""
    await responses.send(interaction, text)
