"""The daily rounds of the running bot: once a minute, whatever fails; and the cards of summaries."""

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import discord

from bot import digest
from bot.cards import Card
from bot.daily import Daily, Digest
from bot.errors import UserError, note
from bot.models import Claim, Schedule
from bot.posting import Posts
from bot.store import Database, changes, summaries

# Said of a summary that is not kept any more, and of one that is not for whoever asks.
GONE = "That summary is no longer kept. Please look at a newer one."
# Seconds between two rounds.
TICK = 60.0


class Rounds:
    """Makes the summaries' cards, and posts and pins them in time."""

    def __init__(self, client: discord.Client, database: Database, zone: str) -> None:
        self.client = client
        self.database = database
        self.zone = zone
        self.daily = Daily(database, Posts(client), self.compose, discord.utils.utcnow)
        self._ticking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the rounds."""
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Stop the rounds; what is under way is taken up by the next process."""
        if self._ticking:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])

    async def _tick(self) -> None:
        while True:
            try:
                await self.client.wait_until_ready()
                await self.daily.round()
            except (Exception, asyncio.CancelledError) as error:  # the next round tries again
                if (task := asyncio.current_task()) and task.cancelling():
                    raise  # whoever cancels the rounds themselves means it
                note("summary", error)
            await asyncio.sleep(TICK)

    async def compose(self, claim: Claim) -> Digest:
        """The summary that a claim is for."""
        found = await changes.day(self.database, claim)
        card = digest.summary(found, claim.schedule.language, claim.address, claim.corrected)
        data = json.dumps(found.data(), sort_keys=True)
        return Digest(card, hashlib.sha256(data.encode()).hexdigest())

    def default(self, channel: int, guild: int, organizer: int) -> Schedule:
        """What holds for a channel where nothing is scheduled."""
        return Schedule(channel=channel, guild=guild, organizer=organizer, zone=self.zone)

    async def posted_card(self, argument: str) -> Card:
        """The card of a posted summary, "channel.day". Raises UserError when it is not kept."""
        channel, _, day = argument.partition(".")
        claim = await summaries.claim_of(self.database, int(channel), date.fromisoformat(day))
        if claim is None:
            raise UserError(GONE)
        return (await self.compose(claim)).card

    async def preview_card(self, channel: str) -> Card:
        """The card of the summary that a channel would get now."""
        schedule = await summaries.schedule(self.database, int(channel)) or self.default(int(channel), 0, 0)
        now = discord.utils.utcnow()
        today = now.astimezone(ZoneInfo(schedule.zone)).date()
        claim = await summaries.unclaimed(self.database, schedule, today, now)
        return replace((await self.compose(claim)).card, address=f"preview:{channel}")
