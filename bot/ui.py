"""What a reply looks like in Discord: a layout of text with buttons that outlive a restart, and the report form.

Every button carries the address of its card and nothing else, so it can be answered by any later process.
A layout holds dynamic items and nothing interactive besides: one ordinary button beside them would make
discord.py forget the dynamic ones for the whole process when the view ends.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot import errors, responses
from bot.cards import Card, pages, replies, text
from bot.limits import Limits
from bot.models import Report
from bot.store import Database
from bot.store.running import add_report

# From the part of an address after its name to a card.
Builder = Callable[[str], Awaitable[Card]]
# Raises UserError when the person may not see the card of an address: anybody can make up a button's address.
Guard = Callable[[discord.Interaction[Any], str], Awaitable[None]]
REASONS = (
    "A statement is wrong",
    "It is out of date",
    "The wording takes a side",
    "A link does not work",
    "Something else",
)


class Client(Protocol):
    """What a reply needs of the bot."""

    builders: dict[str, Builder]
    guards: dict[str, Guard]
    database: Database
    limits: Limits


async def build(client: Client, address: str) -> Card:
    """The card at an address. Raises UserError when it names nothing that there is any more."""
    name, _, argument = address.partition(":")
    if name not in client.builders:
        raise errors.UserError("This button is from an older version. Please use the command again.")
    return await client.builders[name](argument)


async def opened(interaction: discord.Interaction[Any], address: str) -> Card:
    """The card at an address that somebody has pressed. Raises UserError when it is not there, or not for them."""
    client = cast("Client", interaction.client)
    name, _, argument = address.partition(":")
    if name in client.guards:
        await client.guards[name](interaction, argument)
    return await build(client, address)


async def reply(interaction: discord.Interaction[Any], card: Card, page: int = 0) -> None:
    """Answer a command with a page of a card that only the person who asked can see; -1 is the last page."""
    page = page % len(pages(card))
    await responses.send(interaction, Reply(card, page))


class Reply(ui.LayoutView):
    """One page of a card, with its buttons."""

    def __init__(self, card: Card, page: int = 0, *, shared: bool = False, sources: bool = False) -> None:
        super().__init__(timeout=None)
        all_pages = pages(card)
        page = max(0, min(page, len(all_pages) - 1))
        container: ui.Container[Self] = ui.Container()
        container.add_item(ui.TextDisplay(text.title(card)))
        for number, section in enumerate(all_pages[page]):
            if number:
                # A line before what has a heading, and only room before what has none.
                headed = any(isinstance(block, text.Heading) for block in section)
                container.add_item(ui.Separator(visible=headed))
            container.add_item(ui.TextDisplay(text.markdown(section)))
        if len(all_pages) > 1:
            container.add_item(ui.TextDisplay(f"-# Page {page + 1} of {len(all_pages)}"))
        self.add_item(container)
        turn = "list" if sources else "page"
        row: ui.ActionRow[Self] = ui.ActionRow()
        if page > 0:
            row.add_item(CardButton(turn, page - 1, card.address, "Previous"))
        if page < len(all_pages) - 1:
            row.add_item(CardButton(turn, page + 1, card.address, "Next"))
        if not sources:
            if card.references:
                row.add_item(CardButton("sources", 0, card.address, "Sources"))
            if not shared:
                row.add_item(CardButton("share", page, card.address, "Share in channel"))
            row.add_item(CardButton("report", page, card.address, "Report a problem"))
        if row.children:
            self.add_item(row)


class CardButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"fn:(?P<action>page|sources|list|share|report):(?P<page>\d{1,4}):(?P<address>.{1,80})",
):
    """A button under a card: turn the page, list the sources, share it, or report a problem."""

    def __init__(self, action: str, page: int, address: str, label: str = "") -> None:
        style = discord.ButtonStyle.primary if action == "page" else discord.ButtonStyle.secondary
        super().__init__(ui.Button(label=label or action, style=style, custom_id=f"fn:{action}:{page}:{address}"))
        self.action = action
        self.page = page
        self.address = address

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Find a button again from what Discord kept of it."""
        return cls(match["action"], int(match["page"]), match["address"])

    @errors.guarded
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the button says."""
        client = cast("Client", interaction.client)
        client.limits.spend(interaction.user.id, "press")
        if self.action == "report":
            # Counted when the form is opened, so that nothing is typed in vain.
            client.limits.spend(interaction.user.id, "report")
            await opened(interaction, self.address)  # a report is about a page that there is
            await responses.open_form(interaction, ReportForm(self.address))
            return
        card = await opened(interaction, self.address)
        if self.action == "share":
            client.limits.spend(interaction.user.id, "share")
            await self.share(interaction, card)
            return
        listing = self.action in {"sources", "list"}
        view = Reply(replies.sources(card) if listing else card, self.page, sources=listing)
        if self.action != "sources" and interaction.message and interaction.message.flags.ephemeral:
            await responses.update(interaction, view)
        else:
            # Turning a page that everybody sees would turn it for everybody.
            await responses.send(interaction, view)

    async def share(self, interaction: discord.Interaction[Any], card: Card) -> None:
        """Post the page for everybody, and what goes on over pages whole: no side of a dispute is left alone."""
        thread = isinstance(interaction.channel, discord.Thread)
        allowed = interaction.permissions.send_messages_in_threads if thread else interaction.permissions.send_messages
        if interaction.guild_id and not allowed:
            raise errors.UserError("You may not write in this channel, so nothing was shared.")
        all_pages = pages(card)
        first = last = max(0, min(self.page, len(all_pages) - 1))
        while first and text.continued(all_pages[first - 1]):
            first -= 1
        while text.continued(all_pages[last]):
            last += 1
        for number in range(first, last + 1):
            await responses.send(interaction, Reply(card, number, shared=True), private=False)


def addresses(message: discord.Message) -> set[str]:
    """The addresses of the cards to which a message's buttons lead."""
    names = (
        child.custom_id or ""
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for child in row.children
        if isinstance(child, discord.Button)
    )
    return {name.split(":", 3)[3] for name in names if name.startswith("fn:")}


class ReportForm(ui.Modal, title="Report a problem"):
    """A form about one card. Who sends it is not kept."""

    reason: ui.Label[Self] = ui.Label(
        text="What is the matter?",
        component=ui.Select(custom_id="reason", options=[discord.SelectOption(label=reason) for reason in REASONS]),
    )
    words: ui.Label[Self] = ui.Label(
        text="Tell us more",
        description="Your name is not kept. Please write nothing about private persons.",
        component=ui.TextInput(custom_id="words", style=discord.TextStyle.paragraph, max_length=1000, required=False),
    )

    def __init__(self, address: str) -> None:
        # Discord tells nobody of a form that is dismissed: without an end it would be kept for ever.
        super().__init__(timeout=900)
        self.address = address

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Keep the report and say so."""
        errors.begin(interaction)
        reason = cast("ui.Select[Self]", self.reason.component).values
        words = cast("ui.TextInput[Self]", self.words.component).value
        record = Report(page=self.address, reason=reason[0] if reason else REASONS[-1], text=words)
        kept = await add_report(cast("Client", interaction.client).database, record, discord.utils.utcnow().date())
        await responses.send(
            interaction,
            "Thank you. Your report is kept for whoever runs this bot, without who sent it."
            if kept
            else "So many reports wait already that yours could not be kept. Please try again tomorrow.",
        )
        errors.ended(interaction, "ok")

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:  # type: ignore[override]
        """Answer in words where discord.py would only log."""
        await errors.report(interaction, error)
