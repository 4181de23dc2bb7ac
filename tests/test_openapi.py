"""What Discord would refuse is seen: a control of the look that every other test takes at what the bot sends."""

from typing import Any

import discord
import pytest

from tests import openapi
from tests.conftest import World

ANSWER, MESSAGE, COMMANDS = "/interactions/1/token/callback", "/channels/1/messages", "/applications/1/commands"
V2 = {"flags": openapi.V2}
QUIET: dict[str, Any] = {"allowed_mentions": {"parse": []}}
POSTED = QUIET | {"content": "Hello.", "nonce": "1", "enforce_nonce": True}


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def row(*names: str) -> dict[str, Any]:
    return {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": name} for name in names]}


def answer(**data: Any) -> dict[str, Any]:
    return {"type": 4, "data": QUIET | data}


def select(options: int) -> dict[str, Any]:
    listed = [{"label": str(number), "value": str(number)} for number in range(options)]
    return {"type": 1, "components": [{"type": 3, "custom_id": "a", "options": listed}]}


def form(title: str) -> dict[str, Any]:
    field = {"type": 18, "label": "Why?", "component": {"type": 4, "custom_id": "why", "style": 1}}
    return {"type": 9, "data": {"custom_id": "form", "title": title, "components": [field]}}


def suggestions(*names: str) -> dict[str, Any]:
    return {"type": 8, "data": {"choices": [{"name": name, "value": name} for name in names]}}


def command(name: str = "ask", *options: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "type": 1, "description": "Ask.", "options": [*options]}]


def option(name: str, **more: Any) -> dict[str, Any]:
    return {"type": 3, "name": name, "description": "Something."} | more


RIGHT: list[tuple[str, str, Any]] = [
    ("POST", ANSWER, answer(content="a" * 2000)),
    ("POST", ANSWER, answer(components=[text("a" * 3999), text("a"), row("a", "b")], **V2)),
    ("POST", ANSWER, answer(components=[select(25)])),
    ("POST", ANSWER, {"type": 5, "data": {"flags": 64}}),
    ("POST", ANSWER, {"type": 6}),
    ("POST", ANSWER, form("a" * 45)),
    ("POST", ANSWER, suggestions(*("a" * 100 for _ in range(25)))),
    ("POST", MESSAGE, POSTED),
    ("PATCH", f"{MESSAGE}/2", QUIET | {"content": "Hello."}),
    ("POST", "/webhooks/1/token", QUIET | {"content": "Hello."}),
    ("PATCH", "/webhooks/1/token/messages/@original", QUIET | {"content": "Hello."}),
    ("PUT", COMMANDS, command("ask", option("a", required=True), option("b"))),
    ("POST", "/users/@me/channels", {"recipient_id": 123}),
]
WRONG: list[tuple[str, str, Any, str]] = [
    ("POST", ANSWER, answer(content="a" * 2001), "breaks maxLength 2000"),
    ("POST", ANSWER, answer(components=[text("a" * 4001)], **V2), "breaks maxLength 4000"),
    ("POST", ANSWER, answer(components=[text("a" * 3999), text("aa")], **V2), "more than 4000 characters"),
    ("POST", ANSWER, answer(components=[text("a")] * 41, **V2), "breaks maxItems 40"),
    (
        "POST",
        ANSWER,
        answer(components=[{"type": 17, "components": [text("a")] * 40}], **V2),
        "more than 40 components",
    ),
    ("POST", ANSWER, answer(components=[text("a")]), "flags differs"),
    ("POST", ANSWER, answer(components=[text("a")], content="b", **V2), "beside components"),
    ("POST", ANSWER, answer(components=[row("a" * 101)]), "custom_id breaks maxLength 100"),
    ("POST", ANSWER, answer(components=[row("a", "a")]), "one custom_id"),
    ("POST", ANSWER, answer(components=[row(*"abcdef")]), "breaks maxItems 5"),
    ("POST", ANSWER, answer(components=[select(26)]), "options breaks maxItems 25"),
    ("POST", ANSWER, answer(embeds=[{"title": "a"}]), "embeds"),
    ("POST", ANSWER, answer(contents="a"), "contents is unknown"),
    ("POST", ANSWER, answer(flags=True), "flags is no integer"),
    ("POST", ANSWER, {"type": 99}, "type breaks"),
    ("POST", ANSWER, {"type": 4, "data": {"content": "a"}}, "may ping"),
    ("POST", ANSWER, {"type": 7, "data": {"content": "a", "allowed_mentions": {"parse": ["users"]}}}, "may ping"),
    ("POST", ANSWER, form("a" * 46), "title breaks maxLength 45"),
    ("POST", ANSWER, suggestions(*"abcdefghijklmnopqrstuvwxyz"), "choices breaks maxItems 25"),
    ("POST", ANSWER, suggestions("a" * 101), "name breaks maxLength 100"),
    ("POST", MESSAGE, QUIET | {"content": "Hello."}, "no nonce"),
    ("POST", MESSAGE, POSTED | {"nonce": "1" * 26}, "nonce breaks maxLength 25"),
    ("POST", MESSAGE, POSTED | {"content": "a" * 2001}, "longer than 2000"),
    ("PATCH", f"{MESSAGE}/2", {"content": "Hello."}, "may ping"),
    ("POST", "/webhooks/1/token", {"content": "Hello."}, "may ping"),
    ("PATCH", "/webhooks/1/token/messages/@original", {"content": "Hello."}, "may ping"),
    ("PUT", COMMANDS, command("ask", option("a"), option("b", required=True)), "required after"),
    (
        "PUT",
        COMMANDS,
        command("ask", option("a", autocomplete=True, choices=[{"name": "a", "value": "a"}])),
        "choices and",
    ),
    ("PUT", COMMANDS, command("Ask"), "not in lower case"),
    ("PUT", COMMANDS, command("a" * 33), "name breaks maxLength 32"),
    ("PUT", COMMANDS, [{"type": 1, "description": "Ask."}], "breaks required"),
    ("POST", "/users/@me/channels", {"recipient_id": "somebody"}, "breaks pattern"),
    ("POST", "/guilds", {"name": "a"}, "no request of the document"),
]


@pytest.mark.parametrize(("method", "path", "body"), RIGHT)
def test_what_discord_takes_passes(method: str, path: str, body: Any) -> None:
    assert openapi.faults(method, path, body) == []


@pytest.mark.parametrize(("method", "path", "body", "told"), WRONG, ids=lambda value: str(value)[:40])
def test_what_discord_refuses_does_not_pass(method: str, path: str, body: Any, told: str) -> None:
    found = openapi.faults(method, path, body)
    assert any(told in fault for fault in found), found


def test_every_keyword_of_the_document_is_heeded() -> None:
    heeded = {"$ref", "type", "properties", "additionalProperties", "items", "allOf", "oneOf", "anyOf"}
    used: set[str] = set()
    left: list[dict[str, Any]] = list(openapi.SCHEMAS.values())
    while left:
        schema = left.pop()
        used |= set(schema)
        left += [part for name in ("allOf", "oneOf", "anyOf") for part in schema.get(name, ())]
        left += schema.get("properties", {}).values()
        left += [schema[name] for name in ("items", "additionalProperties") if name in schema]
    assert used <= heeded | set(openapi.BREAKS) | openapi.REMARKS


async def test_a_message_that_may_ping_is_seen_where_the_bot_sends_it(
    world: World, monkeypatch: pytest.MonkeyPatch, refused: list[str]
) -> None:
    monkeypatch.setattr("bot.responses.NO_MENTIONS", discord.AllowedMentions(everyone=True, users=False, roles=False))
    await world.slash("about")
    assert refused == ["body.allowed_mentions may ping somebody"]
    refused.clear()
