"""The servers, the people in them, and what they do with the bot, drawn from a seeded chance."""

import random
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import discord
import simcord

from bot.app import Footnote
from bot.catalog import Catalog
from bot.catalog.writer import document
from bot.exchange import raw
from bot.models import Fact
from tests.conftest import labels_of, text_of
from tests.load.ledger import Ledger
from tests.test_journeys import filled

# How old a message or an interaction may be, in numbers of its kind, before the simulator is made to forget it.
KEPT = 60
PRESSED = {"Sources", "Share in channel", "Next", "Previous", "Report a problem"}


@dataclass
class Town:
    """The real bot in two servers: members, two proposers, two approvers, organizers."""

    env: simcord.Env
    catalog: Catalog
    questions: Sequence[str]
    chance: random.Random
    ledger: Ledger
    home: simcord.GuildHandle
    general: simcord.ChannelHandle
    reviews: simcord.ChannelHandle
    people: dict[str, simcord.MemberActor]
    # Where a summary is due each day, with the organizer who asked for it.
    channels: list[tuple[simcord.ChannelHandle, simcord.MemberActor]]
    shown: deque[tuple[simcord.MemberActor, Any]] = field(default_factory=lambda: deque(maxlen=20))
    number: int = 0

    @classmethod
    async def founded(cls, env: simcord.Env, questions: Sequence[str], chance: random.Random, ledger: Ledger) -> "Town":
        """Make the servers and let an administrator give the roles their rights, as a first evening goes."""
        home, near = env.create_guild("Home"), env.create_guild("Neighbours")
        bot = cast("Footnote", env.bot)
        await bot.reading
        bot.settings = bot.settings.model_copy(update={"home_server": home.id})
        manage = discord.Permissions(manage_messages=True)
        roles = {name: home.create_role(name, permissions=manage) for name in ("propose", "approve", "summarize")}
        everything = discord.Permissions(administrator=True)
        admins = {guild: guild.create_role("admins", permissions=everything) for guild in (home, near)}
        held = {"pia": "propose", "pat": "propose", "abe": "approve", "abi": "approve", "ola": "summarize"}
        people = {
            name: home.add_member(env.create_user(name), roles=[roles[held[name]]] if name in held else [])
            for name in ("ana", "ben", "cy", *held)
        }
        ada = home.add_member(env.create_user("ada"), roles=[admins[home]])
        nora = near.add_member(env.create_user("nora"), roles=[admins[near]])
        general, reviews = home.create_text_channel("general"), home.create_text_channel("reviews")
        channels = [(home.create_text_channel(name), people["ola"]) for name in ("morning", "evening")]
        channels.append((near.create_text_channel("daily"), nora))
        for right, role in roles.items():
            await ada.slash(general, "permissions allow", role=role, right=right)
        await ada.slash(general, "permissions channel", channel=reviews)
        for (channel, organizer), (time, zone) in zip(
            channels, (("9:00", "America/Chicago"), ("20:30", "Europe/Berlin"), ("7:15", "Asia/Tokyo")), strict=True
        ):
            await organizer.slash(channel, "summary schedule", time=time, timezone=zone)
        everybody = {**people, "nora": nora}
        return cls(env, bot.catalog, questions, chance, ledger, home, general, reviews, everybody, channels)

    @property
    def bot(self) -> Footnote:
        """The bot that runs now."""
        return cast("Footnote", self.env.bot)

    # What is done in one step, whatever the answer

    async def ask(self) -> None:
        who, place = self.somebody()
        self.show(who, await who.slash(place, "ask", question=self.chance.choice(self.questions)))

    async def look_up(self) -> None:
        who, place = self.somebody()
        name, options = self.chance.choice(self.pages())
        self.show(who, await who.slash(place, name, **options))

    def pages(self) -> list[tuple[str, dict[str, str]]]:
        """Commands of which members make use, with what they choose."""
        pick = self.chance.choice
        county, fact = pick(self.catalog.counties), pick(self.catalog.facts)
        today = self.env.now().date()
        return [
            *[("county", {"name": county.name})] * 4,
            ("counties", {}),
            ("sanctuary", {"place": pick(county.cities) if county.cities else county.name}),
            ("detainer " + pick(("explain", "numbers", "law", "cases")), {}),
            ("events", {"from": "2025-12", "to": "2026-02"}),
            ("dispute", {"topic": pick(self.catalog.disputes).id}),
            ("source", {"name": pick(self.catalog.sources).title[:60]}),
            ("glossary", {"term": pick(self.catalog.terms).term}),
            (pick(("about", "help", "privacy")), {}),
            ("history", {"record": f"fact {fact.id}"}),
            ("changes", {"since": str(today)}),
        ]

    async def look_back(self) -> None:
        today = str(self.env.now().date())
        self.show(
            self.people["ana"],
            await self.people["ana"].slash(
                self.general, "asof", date=today, question=self.chance.choice(self.questions)
            ),
        )

    async def type(self) -> None:
        name, option, text, who = self.chance.choice(
            [
                ("county", "name", self.chance.choice(self.catalog.counties).name[:3], "ana"),
                ("source", "name", "minnes", "ben"),
                ("dispute", "topic", "how many", "cy"),
                ("history", "record", "sheriff", "ana"),
                ("fact edit", "fact", "detainer", "pia"),
            ]
        )
        await self.people[who].autocomplete(self.general, name, option, text)

    async def click(self) -> None:
        """Press a button of a reply; a report is filled and sent."""
        if not self.shown:
            return
        who, message = self.chance.choice(self.shown)
        labels = sorted(PRESSED & set(labels_of(message)))
        if not labels:
            return
        opened = await who.click(message, label=self.chance.choice(labels))
        if not opened.modal:
            self.show(who, opened)
            return
        words = f"Report {self.next()} of the load."
        done = await who.submit_modal(opened, {"reason": ["Something else"], "words": words})
        if done.response and "Your report is kept" in done.response.content:
            self.ledger.reports.add(words)

    async def menu(self) -> None:
        message = await self.people["ben"].send(self.general, self.chance.choice(self.questions))
        self.show(
            self.people["ana"],
            await self.people["ana"].context_menu(self.general, "Find facts about this", message),
        )

    async def export(self) -> None:
        who, place = self.somebody()
        await who.slash(place, "export", form=self.chance.choice(("yaml", "json", "csv", "claimreview")))

    async def organize(self) -> None:
        place, organizer = self.chance.choice(self.channels)
        name = self.chance.choice(("preview", "status", "post", "skip"))
        self.show(organizer, await organizer.slash(place, f"summary {name}"))

    # What moderators do, in several steps that may each fail

    async def propose(self) -> None:
        """Edit a statement in the form and send it for review."""
        pia = self.people[self.chance.choice(("pia", "pat"))]
        fact = self.chance.choice([fact for fact in self.catalog.facts if not fact.superseded_by])
        opened = await pia.slash(self.general, "fact edit", fact=fact.id)
        if not opened.modal:
            return
        words = f"Load {self.next()}."
        texts = filled(opened) | {"statement": f"{fact.statement[:250]} {words}", "why": "It was amended."}
        preview = (await pia.submit_modal(opened, texts)).response
        await self.sent(pia, preview, words)

    async def sent(self, who: simcord.MemberActor, preview: Any, words: str) -> None:
        """Send a draft for review, or discard it now and then."""
        if preview is None or "Send for review" not in labels_of(preview):
            return
        if self.chance.random() < 0.05:
            await who.click(preview, label="Discard")
            return
        done = (await who.click(preview, label="Send for review")).response
        if done and (found := re.search(r"Sent for review as proposal (\d+)", text_of(done))):
            self.ledger.told(int(found[1]), "sent", words)

    def waiting(self) -> list[discord.Message]:
        """The review cards on which a decision can be made."""
        return [card for card in self.reviews.history() if "Approve" in labels_of(card)]

    async def decide(self) -> None:
        """Approve a proposal, most often, or reject it or ask for changes."""
        cards = self.waiting()
        if not cards:
            await self.propose()
            return
        card = self.chance.choice(cards[:10])
        abe = self.people[self.chance.choice(("abe", "abi"))]
        label = self.chance.choice(("Approve",) * 8 + ("Reject", "Ask for changes", "As members would see it"))
        opened = await abe.click(card, label=label)
        if opened.modal:
            await abe.submit_modal(opened, {"reason": "The load says so."})
        self.read(card)

    async def decide_twice(self) -> None:
        """Two approvers press the same button."""
        for card in self.waiting()[:1]:
            for name in ("abe", "abi"):
                await self.people[name].click(card, label="Approve")

    def read(self, card: Any) -> None:
        """Take down what a card tells everybody who looks at it."""
        found = [message for message in self.reviews.history() if message.id == card.id]
        for number, state in re.findall(r"## Proposal (\d+): ([a-z ]+)", "\n".join(map(text_of, found))):
            if state in {"published", "rejected", "changes asked"}:
                self.ledger.told(int(number), state)

    async def revert(self) -> None:
        """Propose that a statement says again what an earlier version of it said."""
        rows = await self.bot.database.read(
            "SELECT record_id, min(number) AS number FROM revision WHERE sort = 'fact' AND redacted IS NULL "
            "GROUP BY record_id HAVING count(*) > 1 ORDER BY record_id"
        )
        if not rows:
            return
        row = self.chance.choice(rows)
        done = await self.people["abe"].slash(
            self.general, "revert record", record=f"fact {row['record_id']}", version=row["number"], why="Wrong."
        )
        await self.sent(self.people["abe"], done.response, "")

    async def redact(self) -> None:
        """Propose to wipe the older versions of a statement."""
        fact = self.chance.choice(self.catalog.facts)
        done = await self.people["pia"].slash(
            self.general, "redact", record=f"fact {fact.id}", keep_newest=True, why="A name."
        )
        await self.sent(self.people["pia"], done.response, "")

    async def import_(self) -> None:
        """Propose a file: three statements changed, or a broken one."""
        words = f"Load {self.next()}."
        facts: list[Fact] = self.chance.sample([f for f in self.catalog.facts if not f.superseded_by], 3)
        changed = [f.model_copy(update={"statement": f"{f.statement[:250]} {words}"}) for f in facts]
        text = document([raw(fact) for fact in changed])
        if self.chance.random() < 0.3:
            text = text.replace("sources:", "sauces:")
        pat = self.people["pat"]
        done = await pat.slash(self.general, "import", file=("a.yaml", text.encode()), sort="fact", why="A file.")
        if done.followups:
            await self.sent(pat, done.followups[-1], words)

    async def tidy(self) -> None:
        """Look at the queue and at what is past its review, and answer a report."""
        abe = self.people["abe"]
        self.show(abe, await abe.slash(self.general, "stale"))
        queue = (await abe.slash(self.general, "queue")).response
        if queue and "fm:report:1" in str(queue.components):
            options = re.findall(r"'value': '(\d+)'", str(queue.components).split("fm:report:1")[1])
            report = (await abe.select(queue, [options[0]], custom_id="fm:report:1")).response if options else None
            if report and "It is dealt with" in labels_of(report):
                await abe.click(report, label="It is dealt with")

    async def forget(self) -> None:
        await self.people["pat"].slash(self.general, "forget-me")

    # What the steps share

    def somebody(self) -> tuple[simcord.MemberActor, simcord.ChannelHandle]:
        """A member, and where they are."""
        name = self.chance.choice(("ana", "ben", "cy", "nora"))
        return self.people[name], self.channels[2][0] if name == "nora" else self.general

    def next(self) -> int:
        """A number that no other text of the load has."""
        self.number += 1
        return self.number

    def show(self, who: simcord.MemberActor, result: simcord.InteractionResult) -> None:
        """Keep a reply, so that its buttons can be pressed later."""
        if result.response:
            self.shown.append((who, result.response))

    def forget_old(self) -> None:
        """Let the simulator forget what is long past: it keeps every message, request and event otherwise."""
        backend, env = self.env.backend, self.env
        for old in (backend.http_requests, backend.transcript, backend.cdn._blobs, env._errors, env._error_ids):
            old.clear()
        env._errors_acknowledged = 0
        backend._reserved_ids.clear()  # numbers are made of the time and a sequence, so they stay different
        for at in sorted(backend._sequences)[:-1]:
            del backend._sequences[at]
        for guild in backend.guilds.values():
            guild.audit_log_entries.clear()
        for number in sorted(backend.interactions)[: -4 * KEPT]:
            backend.interaction_tokens.pop(backend.interactions.pop(number).token, None)
        for messages in backend.messages.values():
            needed = {m.id for m in messages.values() if m.pinned or "fk:approve" in str(m.components)}
            for number in sorted(set(messages) - needed)[:-KEPT]:
                del messages[number]


Act = Callable[[Town], Awaitable[None]]
# What is done how often; the first six answer at once, so that many can come at the same time.
AT_ONCE: dict[Act, int] = {
    Town.ask: 40,
    Town.look_up: 25,
    Town.type: 12,
    Town.click: 12,
    Town.menu: 3,
    Town.decide_twice: 1,
}
ACTS: dict[Act, int] = {
    **AT_ONCE,
    Town.organize: 3,
    Town.propose: 4,
    Town.decide: 5,
    Town.tidy: 1,
    Town.look_back: 1,
    Town.revert: 1,
    Town.export: 1,
    Town.import_: 1,
    Town.redact: 1,
    Town.forget: 1,
}
