"""The daily round: what is due is claimed, posted once, pinned, unpinned in time and corrected. Knows no Discord.

A message whose reply was lost may have been posted all the same. So before any second try the channel's own history is
searched for it; what cannot be looked up is not posted a second time.
"""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from bot import schedule as clock
from bot.cards import Card
from bot.errors import note
from bot.models import Claim, Pin, Progress, Schedule
from bot.store import Database, summaries

log = logging.getLogger("footnote")

# How long to leave a pin alone that could not be set or taken off.
PAUSE = timedelta(minutes=10)
# After this many attempts, some four hours, a Discord that does not answer is taken to have nothing of ours.
MOST_ATTEMPTS = 12


class Trouble(StrEnum):
    """Why Discord did not do something, as the sentence that an organizer reads."""

    CHANNEL_GONE = "The channel has been deleted, or I was removed from the server."
    MESSAGE_GONE = "Somebody deleted the message."
    FORBIDDEN = "I am not allowed to: give me View Channel, Send Messages, Read Message History and Pin Messages there."
    FULL = "The channel has 250 pins, and Discord allows no more: unpin one."
    REFUSED = "Discord did not accept it."
    UNKNOWN = "Discord did not answer in time, or was not available."


class DiscordError(Exception):
    """Discord did not do something; after UNKNOWN it may have been done all the same."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class Discord(Protocol):
    """What the round asks of Discord. Everything raises DiscordError."""

    async def send(self, channel: int, card: Card, nonce: str) -> int:
        """Post a card; the message's id."""

    async def find(self, channel: int, address: str, after: datetime) -> int | None:
        """The bot's own message with the card of that address, of those posted after a moment."""

    async def edit(self, channel: int, message: int, card: Card) -> None:
        """Let a message show another card."""

    async def pin(self, channel: int, message: int) -> None:
        """Pin a message; one that is pinned already stays so."""

    async def unpin(self, channel: int, message: int) -> None:
        """Unpin a message; one that is not pinned stays so."""

    async def tell(self, person: int, text: str) -> None:
        """Write to somebody privately, if they let the bot."""


class Digest(NamedTuple):
    """A summary ready to post, and what it tells apart from its layout."""

    card: Card
    fingerprint: str


Compose = Callable[[Claim], Awaitable[Digest]]


class Daily:
    """The round over all channels. One process at a time runs it: the one that owns the database."""

    def __init__(self, database: Database, discord: Discord, compose: Compose, now: Callable[[], datetime]) -> None:
        self.database = database
        self.discord = discord
        self.compose = compose
        self.now = now

    async def round(self) -> None:
        """Do what is due, channel by channel; what fails in one keeps no other from its turn."""
        newest = await summaries.newest(self.database)
        schedules = await summaries.schedules(self.database)
        # Should one of them kill the process again and again, the others still get their turn.
        random.shuffle(schedules)
        for schedule in schedules:
            try:
                await self.visit(schedule, newest)
            except Exception as error:  # noqa: BLE001 - the next round tries again
                note("summary", error)

    async def visit(self, schedule: Schedule, newest: int) -> None:
        """Do what is due in one channel; `newest` is the number of the newest version of any record."""
        held = await summaries.claims(self.database, schedule.channel)
        settled = clock.settled(held.values())
        for day, due in [] if schedule.paused else clock.due(schedule, settled, self.now()):
            if not await self.post(schedule, day, due):
                break  # the days after it would tell of it
            held = await summaries.claims(self.database, schedule.channel)
        await self.tend(schedule, held, newest)

    async def post(self, schedule: Schedule, day: date, due: datetime, *, asked: bool = False) -> bool:
        """Post a day's summary, or record why it is skipped; returns whether the day is settled.

        `asked` says that an organizer wants it now, however late it is.
        """
        claim = await summaries.claim(self.database, schedule, day, due, self.now(), again=asked)
        if claim is None:
            return False
        late = self.now() - due > clock.LATEST and not asked
        try:
            # It is written down what is sent before it is sent, so without that nothing can have been posted.
            if claim.fingerprint and (found := await self._find(claim)) is not None:
                return await summaries.posted(self.database, claim, found, self.now())
            if late:
                why = claim.reason or "I was not running, or could not reach Discord, at that time."
                return await summaries.skipped(self.database, claim, why)
            digest = await self.compose(claim)
            await summaries.sending(self.database, claim, digest.fingerprint)
            message = await self.discord.send(schedule.channel, digest.card, claim.nonce)
        except DiscordError as error:
            return await self._not_posted(schedule, claim, error.trouble, late=late)
        return await summaries.posted(self.database, claim, message, self.now())

    async def _find(self, claim: Claim) -> int | None:
        # Ten minutes for a clock of this machine that differs from Discord's.
        return await self.discord.find(claim.channel, claim.address, claim.begun - timedelta(minutes=10))

    async def _not_posted(self, schedule: Schedule, claim: Claim, trouble: Trouble, *, late: bool) -> bool:
        log.warning("summary: not posted, %s", trouble.name)
        if trouble is Trouble.CHANNEL_GONE:
            await summaries.keep_schedule(self.database, schedule.model_copy(update={"paused": True}))
        await self._tell(schedule, f"The daily summary could not be posted. {trouble}")
        overdue = late and self.now() - claim.due > 2 * clock.LATEST
        # What was sent may stand in the channel, so a Discord that is only not answering is asked some hours longer.
        look_again = trouble is Trouble.UNKNOWN and claim.attempts < MOST_ATTEMPTS
        if trouble is Trouble.CHANNEL_GONE or (overdue and not look_again):
            return await summaries.skipped(self.database, claim, trouble.value)
        await summaries.delayed(self.database, claim, trouble.value)
        return False

    async def tend(self, schedule: Schedule, held: Mapping[date, Claim], newest: int) -> None:
        """Pin what is posted, unpin what has been pinned long enough, correct what has changed."""
        posted = [claim for claim in held.values() if claim.state is Progress.POSTED]
        if not posted:
            return
        keep = posted[0].day - timedelta(days=schedule.keep)
        for claim in posted:
            if claim.pin is Pin.DUE and claim.day <= keep:
                await summaries.set_pin(self.database, claim, Pin.RELEASED, self.now(), claim.pin_reason)
            elif claim.pin in {Pin.TRYING, Pin.PINNED} and claim.day <= keep and claim.pin_next <= self.now():
                await self._unpin(claim)
            elif claim.pin in {Pin.DUE, Pin.TRYING} and claim.pin_next <= self.now():
                await self._pin(schedule, claim, posted)
        for claim in posted:
            if claim.checked < newest:
                await self._correct(schedule, claim, newest)

    async def _pin(self, schedule: Schedule, claim: Claim, posted: list[Claim]) -> None:
        assert claim.message is not None  # noqa: S101 - the table holds no posted claim without one
        await summaries.set_pin(self.database, claim, Pin.TRYING, claim.pin_next, claim.pin_reason)
        try:
            try:
                await self.discord.pin(claim.channel, claim.message)
            except DiscordError as error:
                older = [other for other in posted if other.pin is Pin.PINNED and other.day < claim.day]
                if error.trouble is not Trouble.FULL or not older:
                    raise
                await self._unpin(older[-1])
                await self.discord.pin(claim.channel, claim.message)
        except DiscordError as error:
            gone = error.trouble in {Trouble.MESSAGE_GONE, Trouble.CHANNEL_GONE}
            # Once a reply was lost, it may be pinned whatever a later attempt says.
            perhaps = error.trouble is Trouble.UNKNOWN or claim.pin is Pin.TRYING
            pin = Pin.RELEASED if gone else Pin.TRYING if perhaps else Pin.DUE
            await summaries.set_pin(self.database, claim, pin, self.now() + PAUSE, error.trouble.value)
            await self._tell(schedule, f"The daily summary is posted but could not be pinned. {error.trouble}")
            return
        await summaries.set_pin(self.database, claim, Pin.PINNED, self.now())
        await summaries.tell_once(self.database, schedule.channel, "")

    async def _unpin(self, claim: Claim) -> None:
        assert claim.message is not None  # noqa: S101 - the table holds no posted claim without one
        try:
            await self.discord.unpin(claim.channel, claim.message)
        except DiscordError as error:
            if error.trouble not in {Trouble.MESSAGE_GONE, Trouble.CHANNEL_GONE}:
                await summaries.set_pin(
                    self.database, claim, claim.pin or Pin.PINNED, self.now() + PAUSE, f"Still pinned. {error.trouble}"
                )
                return
        await summaries.set_pin(self.database, claim, Pin.RELEASED, self.now())

    async def _correct(self, schedule: Schedule, claim: Claim, number: int) -> None:
        """Edit a posted summary when what it shows has changed since."""
        assert claim.message is not None  # noqa: S101 - the table holds no posted claim without one
        digest = await self.compose(claim)
        if digest.fingerprint == claim.fingerprint:
            await summaries.checked(self.database, claim, number)
            return
        at = self.now()
        digest = await self.compose(replace(claim, corrected=at))
        try:
            await self.discord.edit(claim.channel, claim.message, digest.card)
        except DiscordError as error:
            if error.trouble in {Trouble.MESSAGE_GONE, Trouble.CHANNEL_GONE}:
                await summaries.checked(self.database, claim, number)
            else:
                await self._tell(schedule, f"A posted summary could not be corrected. {error.trouble}")
            return
        await summaries.checked(self.database, claim, number, digest.fingerprint, at)

    async def _tell(self, schedule: Schedule, problem: str) -> None:
        """Tell the organizer of a problem, once while it lasts."""
        if schedule.organizer and await summaries.tell_once(self.database, schedule.channel, problem):
            try:
                await self.discord.tell(schedule.organizer, f"<#{schedule.channel}>: {problem}")
            except DiscordError:
                log.info("summary: an organizer could not be told")
