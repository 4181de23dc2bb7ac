"""/summary: one pinned summary a day, when and where organizers want it."""

import re
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import discord
from discord import app_commands
from discord.ext import commands

from bot import lookup, responses, typed, ui
from bot import schedule as clock
from bot.app import Footnote
from bot.cards import status
from bot.cards.parts import day as told
from bot.cards.text import escape, shorten
from bot.desk.access import may_summarize
from bot.errors import UserError, suggesting
from bot.models import Language, Progress, Schedule
from bot.rounds import GONE
from bot.store import records, summaries

MOST_PINS = 250
NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "read_message_history": "Read Message History",
}


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_messages=True)
class Summary(commands.GroupCog, group_name="summary", group_description="One pinned summary a day in your channels"):
    """Daily summaries."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.builders["summary"] = bot.rounds.posted_card
        bot.builders["preview"] = bot.rounds.preview_card
        bot.guards |= {"summary": self.may_read, "preview": self.may_preview}

    async def may_read(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """A posted summary is for those who can see it where it was posted; elsewhere it is as if there were none."""
        if argument.partition(".")[0] != str(interaction.channel_id):
            raise UserError(GONE)

    async def may_preview(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """A preview is for those who may run summaries in the server of its channel; else it is as if it were not."""
        channel = interaction.guild.get_channel(int(argument)) if interaction.guild and argument.isdecimal() else None
        if not isinstance(channel, discord.TextChannel) or not await may_summarize(interaction):
            raise UserError(GONE)

    @app_commands.command()
    @app_commands.describe(channel="Whose summary; this channel when left out")
    async def preview(
        self, interaction: discord.Interaction[Footnote], channel: discord.TextChannel | None = None
    ) -> None:
        """See privately what would be posted now."""
        place = await self._place(interaction, channel)
        await ui.reply(interaction, await self.bot.rounds.preview_card(str(place.id)))

    @app_commands.command()
    @app_commands.rename(at="time", zone="timezone")
    @app_commands.describe(
        at="When, as in 09:00 or 9 am",
        channel="Where; this channel when left out",
        zone="Whose clock, as in America/Chicago",
        language="The language of its headings; statements stand as they are in the record",
        topics="Only these topics, with ; between them",
        counties="Only these counties and what is about the whole state, with ; between them",
        ahead="Whether to list events of the next seven days",
        keep="How many days each summary stays pinned (1 to 30)",
    )
    @app_commands.choices(
        language=[
            app_commands.Choice(name="English", value="en"),
            app_commands.Choice(name="Español", value="es"),
        ]
    )
    async def schedule(
        self,
        interaction: discord.Interaction[Footnote],
        at: app_commands.Range[str, 1, 20],
        channel: discord.TextChannel | None = None,
        zone: app_commands.Range[str, 1, 60] | None = None,
        language: str = "en",
        topics: app_commands.Range[str, 1, 200] | None = None,
        counties: app_commands.Range[str, 1, 200] | None = None,
        ahead: bool = True,
        keep: app_commands.Range[int, 1, 30] = 1,
    ) -> None:
        """Post and pin a summary in a channel every day, or change when and what."""
        place = await self._place(interaction, channel)
        chosen = self.bot.rounds.default(place.id, place.guild.id, interaction.user.id).model_copy(
            update={
                "at": typed.time_of_day(at),
                "zone": typed.zone(zone) if zone else self.bot.catalog.pack.zone,
                "language": Language(language),
                "topics": tuple(self.bot.topic(name).id for name in typed.listed(topics)),
                "counties": await self._counties(counties),
                "ahead": ahead,
                "keep": keep,
            }
        )
        await responses.defer(interaction)
        warning = await self._warning(place)
        chosen, moment = await self._next(chosen)
        await summaries.keep_schedule(self.bot.database, chosen)
        clock_time = f"{chosen.at} ({chosen.zone})"
        lines = [
            f"A summary will be posted in {place.mention} every day at {clock_time}, the next one "
            f"{discord.utils.format_dt(moment, 'F')}. It stays pinned for {status.days(chosen.keep)}.",
            *([warning] if warning else []),
            "See what it would say now: /summary preview. Post today's at once: /summary post.",
        ]
        await responses.send(interaction, "\n".join(lines))

    @schedule.autocomplete("zone")
    @suggesting
    async def zones(self, interaction: discord.Interaction[Footnote], current: str) -> list[app_commands.Choice[str]]:
        """Offer time zones."""
        names = {name.replace("_", " "): name for name in (self.bot.catalog.pack.zone, *clock.zones())}
        return [app_commands.Choice(name=zone, value=zone) for zone in lookup.closest(current, names)]

    @schedule.autocomplete("topics")
    @suggesting
    async def topics(self, interaction: discord.Interaction[Footnote], current: str) -> list[app_commands.Choice[str]]:
        """Offer topics, after those that are chosen already."""
        return _choices(current, {topic.title: topic.id for topic in self.bot.catalog.pack.topics})

    @schedule.autocomplete("counties")
    @suggesting
    async def counties(
        self, interaction: discord.Interaction[Footnote], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer counties, after those that are chosen already."""
        return _choices(current, {county.name: county.id for county in await records.counties(self.bot.database)})

    @app_commands.command()
    @app_commands.describe(channel="Where; this channel when left out")
    async def post(
        self, interaction: discord.Interaction[Footnote], channel: discord.TextChannel | None = None
    ) -> None:
        """Post and pin today's summary now, unless it is posted already."""
        place = await self._place(interaction, channel)
        await responses.defer(interaction)
        default = self.bot.rounds.default(place.id, place.guild.id, interaction.user.id)
        schedule = await summaries.schedule(self.bot.database, place.id)
        if schedule is None:
            # So that what is posted once is corrected too, and unpinned when another one follows.
            schedule = default.model_copy(update={"paused": True})
            await summaries.keep_schedule(self.bot.database, schedule)
        now = discord.utils.utcnow()
        today = now.astimezone(ZoneInfo(schedule.zone)).date()
        before = (await summaries.claims(self.bot.database, place.id)).get(today)
        if before is None or before.state is not Progress.POSTED:
            await self.bot.rounds.daily.post(
                schedule, today, clock.slot(today, schedule.at, schedule.zone) or now, asked=True
            )
            held = await summaries.claims(self.bot.database, place.id)
            await self.bot.rounds.daily.tend(schedule, held, await summaries.newest(self.bot.database))
        claim = (await summaries.claims(self.bot.database, place.id)).get(today)
        if claim is None or claim.state is not Progress.POSTED:
            why = claim.reason if claim and claim.reason else "It is being posted right now."
            raise UserError(f"Today's summary is not posted yet. {why} Please try again in some minutes.")
        link = f"https://discord.com/channels/{place.guild.id}/{place.id}/{claim.message}"
        done = "Today's summary was posted before" if before and before.state is Progress.POSTED else "Posted"
        await responses.send(interaction, f"{done}: {link}\n{status.pinned(claim)}")

    @app_commands.command()
    @app_commands.describe(channel="Whose summaries; all channels of this server when left out")
    async def status(
        self, interaction: discord.Interaction[Footnote], channel: discord.TextChannel | None = None
    ) -> None:
        """See what became of the summaries of the last seven days, and when the next are due."""
        await self._allowed(interaction)
        schedules = await summaries.schedules(self.bot.database, interaction.guild_id)
        chosen = [schedule for schedule in schedules if channel is None or schedule.channel == channel.id]
        if not chosen:
            raise UserError("No summary is scheduled here yet: /summary schedule.")
        parts: list[str] = []
        for schedule in chosen:
            part = "\n".join(await self._lines(schedule))
            if len("\n\n".join([*parts, part])) > 3500:
                parts.append(f"{len(chosen) - len(parts)} more: name one with channel:")
                break
            parts.append(part)
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.TextDisplay("\n\n".join(parts)))
        await responses.send(interaction, view)

    async def _lines(self, schedule: Schedule) -> list[str]:
        held = await summaries.claims(self.bot.database, schedule.channel)
        now = discord.utils.utcnow()
        _, moment = clock.upcoming(schedule, clock.settled(held.values()), now)
        return status.lines(schedule, held, now.astimezone(ZoneInfo(schedule.zone)).date(), moment)

    @app_commands.command()
    @app_commands.describe(channel="Where; this channel when left out", resume="Whether to go on after a pause")
    async def pause(
        self,
        interaction: discord.Interaction[Footnote],
        channel: discord.TextChannel | None = None,
        resume: bool = False,
    ) -> None:
        """Stop the daily summary in a channel until you resume it."""
        place = await self._place(interaction, channel, check=resume)
        schedule = await self._scheduled(place)
        if not resume:
            await summaries.keep_schedule(self.bot.database, schedule.model_copy(update={"paused": True}))
            await responses.send(interaction, f"Paused in {place.mention}. To go on: /summary pause resume:True")
            return
        schedule, moment = await self._next(schedule.model_copy(update={"paused": False}))
        await summaries.keep_schedule(self.bot.database, schedule)
        await responses.send(interaction, f"It goes on in {place.mention}: {discord.utils.format_dt(moment, 'F')}.")

    @app_commands.command()
    @app_commands.rename(on="date")
    @app_commands.describe(channel="Where; this channel when left out", on="Which day, as in 2026-01-07; or the next")
    async def skip(
        self,
        interaction: discord.Interaction[Footnote],
        channel: discord.TextChannel | None = None,
        on: app_commands.Range[str, 1, 20] | None = None,
    ) -> None:
        """Leave out the next summary in a channel, or the one of a day to come."""
        place = await self._place(interaction, channel, check=False)
        schedule = await self._scheduled(place)
        held = await summaries.claims(self.bot.database, place.id)
        now = discord.utils.utcnow()
        day = clock.upcoming(schedule, clock.settled(held.values()), now)[0]
        if on:
            try:
                day = date.fromisoformat(re.sub(r"[./]", "-", on.strip()))
            except ValueError:
                raise UserError("“date” must be a day written 2026-01-07.") from None
        moment = clock.slot(day, schedule.at, schedule.zone)
        if moment is None or not now < moment < now + timedelta(days=8):
            raise UserError("That summary is not to come: choose one of the next seven days.")
        claim = await summaries.claim(self.bot.database, schedule, day, moment, now)
        if claim is None or not await summaries.skipped(self.bot.database, claim, "An organizer skipped it."):
            raise UserError("That day's summary is posted or skipped already: see /summary status.")
        await responses.send(interaction, f"The summary of {told(str(day))} in {place.mention} will be left out.")

    async def _allowed(self, interaction: discord.Interaction[Footnote]) -> None:
        """Raises UserError when the person may not run summaries here."""
        if not await may_summarize(interaction):
            raise UserError("Only members who may manage this server, or have a role for summaries, can do this.")

    async def _place(
        self, interaction: discord.Interaction[Footnote], channel: discord.TextChannel | None, *, check: bool = True
    ) -> discord.TextChannel:
        """The channel that is meant. Raises UserError when somebody may not do this there, the bot included."""
        await self._allowed(interaction)
        place = channel or interaction.channel
        if not isinstance(place, discord.TextChannel) or not isinstance(interaction.user, discord.Member):
            raise UserError("Summaries go to text channels: choose one with channel:")
        if not place.permissions_for(interaction.user).send_messages:
            raise UserError(f"You may not write in {place.mention} yourself, so I will not do it for you.")
        held = place.permissions_for(place.guild.me)
        if check and (lacking := [label for name, label in NEEDED.items() if not getattr(held, name)]):
            raise UserError(
                f"I cannot post in {place.mention}. In the channel's settings, under Permissions, give my role: "
                + ", ".join(lacking)
                + "."
            )
        return place

    async def _warning(self, place: discord.TextChannel) -> str | None:
        """What keeps a summary from being pinned, and what to change."""
        if not place.permissions_for(place.guild.me).pin_messages:
            return (
                f"I may not pin in {place.mention}: in the channel's settings, under Permissions, give my role "
                "Pin Messages. Until then summaries are posted without a pin."
            )
        pins = 0
        try:
            async for _ in place.pins(limit=MOST_PINS):
                pins += 1
        except discord.HTTPException:
            return None
        if pins >= MOST_PINS:
            return "The channel has 250 pins, and Discord allows no more: unpin one, or summaries cannot be pinned."
        return None

    async def _scheduled(self, place: discord.TextChannel) -> Schedule:
        schedule = await summaries.schedule(self.bot.database, place.id)
        if schedule is None:
            raise UserError(f"No summary is scheduled in {place.mention} yet: /summary schedule.")
        return schedule

    async def _next(self, schedule: Schedule) -> tuple[Schedule, datetime]:
        """The schedule from its next day on, and that day's moment; a day that is taken up already stays due."""
        held = await summaries.claims(self.bot.database, schedule.channel)
        fresh = schedule.model_copy(update={"starts": date.min})
        day, moment = clock.upcoming(fresh, clock.settled(held.values()), discord.utils.utcnow())
        taken = [other for other, claim in held.items() if claim.state is Progress.CLAIMED]
        return schedule.model_copy(update={"starts": min([day, *taken])}), moment

    async def _counties(self, text: str | None) -> tuple[str, ...]:
        names = {county.name: county.id for county in await records.counties(self.bot.database)}
        short = {name.removesuffix(" County"): county_id for name, county_id in names.items()}
        found = []
        for name in typed.listed(text):
            county = lookup.resolve(name, names | short)
            if county is None:
                raise UserError(
                    f"There is no county “{escape(shorten(name, 60))}” in the record. Please choose from the list."
                )
            found.append(county)
        return tuple(dict.fromkeys(found))


def _choices(current: str, names: dict[str, str]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=name, value=value) for name, value in typed.offered(current, names)]


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Summary(cast("Footnote", bot)))
