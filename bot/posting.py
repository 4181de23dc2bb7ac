"""Posting, finding and pinning the bot's own messages; whatever Discord answers becomes one of a few troubles."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

import aiohttp
import discord

from bot import ui
from bot.cards import Card
from bot.daily import DiscordError, Trouble
from bot.responses import NO_MENTIONS

# Seconds for one request, discord.py's own repetitions included; a day's lease is longer.
PATIENCE = 45
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
TROUBLES = {
    10003: Trouble.CHANNEL_GONE,
    10004: Trouble.CHANNEL_GONE,
    10008: Trouble.MESSAGE_GONE,
    30003: Trouble.FULL,
}


@contextlib.asynccontextmanager
async def _told_apart() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except discord.HTTPException as error:
        # A message with a reply of 429 or 5xx may have been posted: discord.py repeats a request after some of them.
        known = TROUBLES.get(error.code) or (Trouble.FORBIDDEN if error.status == 403 else None)
        unknown = error.status == 429 or error.status >= 500
        raise DiscordError(known or (Trouble.UNKNOWN if unknown else Trouble.REFUSED)) from error
    except (discord.RateLimited, aiohttp.ClientError, OSError) as error:  # OSError includes TimeoutError
        raise DiscordError(Trouble.UNKNOWN) from error


class Posts:
    """The bot's own messages in channels that it knows by their id."""

    def __init__(self, client: discord.Client) -> None:
        self.client = client

    def _message(self, channel: int, message: int) -> discord.PartialMessage:
        return self.client.get_partial_messageable(channel).get_partial_message(message)

    async def send(self, channel: int, card: Card, nonce: str) -> int:
        """Post the first page of a card; its buttons lead to the others."""
        async with _told_apart():
            message = await self.client.get_partial_messageable(channel).send(
                view=ui.Reply(card, shared=True), nonce=nonce, allowed_mentions=NO_MENTIONS
            )
        return message.id

    async def find(self, channel: int, address: str, after: datetime) -> int | None:
        """The bot's own message with the card of that address, of those posted after a moment."""
        known = self.client.get_channel(channel)
        if (
            isinstance(known, discord.abc.GuildChannel)
            and not known.permissions_for(known.guild.me).read_message_history
        ):
            # Discord answers with an empty history instead of a refusal, which would mean: not posted.
            raise DiscordError(Trouble.FORBIDDEN)
        async with _told_apart():
            # A busy channel holds many messages a day: all are looked through, for one missed would be posted twice.
            async for message in self.client.get_partial_messageable(channel).history(limit=None, after=after):
                # What a member shares has the same buttons, but stems from an interaction.
                own = message.author == self.client.user and message.interaction_metadata is None
                if own and address in ui.addresses(message):
                    return message.id
        if known is None:
            raise DiscordError(Trouble.UNKNOWN)  # an empty history may have been a refusal
        return None

    async def edit(self, channel: int, message: int, card: Card) -> None:
        """Let a message show another card."""
        async with _told_apart():
            await self._message(channel, message).edit(view=ui.Reply(card, shared=True), allowed_mentions=NO_MENTIONS)

    async def pin(self, channel: int, message: int) -> None:
        """Pin a message."""
        async with _told_apart():
            await self._message(channel, message).pin()

    async def unpin(self, channel: int, message: int) -> None:
        """Unpin a message."""
        async with _told_apart():
            await self._message(channel, message).unpin()

    async def tell(self, person: int, text: str) -> None:
        """Write to somebody privately."""
        async with _told_apart():
            user = self.client.get_user(person) or await self.client.fetch_user(person)
            await user.send(text, allowed_mentions=NO_MENTIONS)
