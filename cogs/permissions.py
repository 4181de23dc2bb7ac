"""/permissions: a server's administrators choose which roles propose, approve and post summaries."""

from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Footnote
from bot.desk.access import Right
from bot.desk.views import Sheet, tell
from bot.errors import UserError
from bot.models import Moderation
from bot.store import running


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(administrator=True)
class Permissions(commands.GroupCog, group_name="permissions", group_description="Who may edit the record, and where"):
    """Settings of a server, for its administrators."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot

    async def chosen(self, interaction: discord.Interaction[Any], *, home: bool = True) -> Moderation:
        """What the server has chosen so far. Raises UserError when this person may not choose, or not here."""
        if not interaction.permissions.administrator:
            raise UserError("Only an administrator of this server can do this.")
        if home and interaction.guild_id != self.bot.settings.home_server:
            raise UserError(
                "The record is kept in another server. Here you can only choose who posts summaries: "
                "/permissions allow right:summarize."
            )
        return await running.moderation(self.bot.database, interaction.guild_id or 0)

    async def keep(self, interaction: discord.Interaction[Any], chosen: Moderation) -> None:
        """Keep what was chosen and show it."""
        await running.set_moderation(self.bot.database, interaction.guild_id or 0, chosen)
        await tell(interaction, Sheet(self.lines(interaction, chosen)))

    def lines(self, interaction: discord.Interaction[Any], chosen: Moderation) -> list[str]:
        """All that a server has chosen, in words."""
        here = interaction.guild_id == self.bot.settings.home_server
        rights = (Right.PROPOSE, Right.APPROVE, Right.SUMMARIZE) if here else (Right.SUMMARIZE,)
        lines = ["## Who may edit the record" if here else "## Who may post summaries here"]
        for right in rights:
            roles = ", ".join(f"<@&{role}>" for role in getattr(chosen, right)) or "nobody yet"
            lines.append(f"**{right}:** {roles}")
        if here:
            lines.append("-# Whoever may approve may propose too.")
            lines.append(f"**Review channel:** {f'<#{chosen.channel}>' if chosen.channel else 'none yet'}")
            told = "approve their own proposals (/about says so)" if chosen.alone else "not approve their own proposals"
            lines.append(f"**Approvers may** {told}")
        return lines

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[Footnote]) -> None:
        """See which roles may do what in this server."""
        chosen = await self.chosen(interaction, home=False)
        await tell(interaction, Sheet(self.lines(interaction, chosen)))

    @app_commands.command()
    @app_commands.describe(role="The role", right="What it may do")
    async def allow(self, interaction: discord.Interaction[Footnote], role: discord.Role, right: Right) -> None:
        """Let a role propose, approve or post summaries."""
        chosen = await self.chosen(interaction, home=right is not Right.SUMMARIZE)
        if role.is_default():
            raise UserError("Everybody is in that role. Please choose one that you give to people.")
        roles = dict.fromkeys((*getattr(chosen, right), role.id))
        await self.keep(interaction, chosen.model_copy(update={right.value: tuple(roles)}))

    @app_commands.command()
    @app_commands.describe(role="The role", right="What it may do no longer")
    async def deny(self, interaction: discord.Interaction[Footnote], role: discord.Role, right: Right) -> None:
        """Take a right from a role."""
        chosen = await self.chosen(interaction, home=right is not Right.SUMMARIZE)
        roles = tuple(held for held in getattr(chosen, right) if held != role.id)
        await self.keep(interaction, chosen.model_copy(update={right.value: roles}))

    @app_commands.command()
    @app_commands.describe(channel="Where proposals appear for review")
    async def channel(self, interaction: discord.Interaction[Footnote], channel: discord.TextChannel) -> None:
        """Choose the channel in which proposals appear for review."""
        chosen = await self.chosen(interaction)
        mine = channel.permissions_for(channel.guild.me)
        if not (mine.view_channel and mine.send_messages):
            raise UserError("I cannot write in that channel: give me “View Channel” and “Send Messages” there first.")
        await self.keep(interaction, chosen.model_copy(update={"channel": channel.id}))

    @app_commands.command()
    @app_commands.describe(allowed="Whether one moderator alone may publish; /about tells everybody")
    async def alone(self, interaction: discord.Interaction[Footnote], allowed: bool) -> None:
        """Let approvers approve their own proposals, where there is only one moderator."""
        chosen = await self.chosen(interaction)
        await self.keep(interaction, chosen.model_copy(update={"alone": allowed}))


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Permissions(cast("Footnote", bot)))
