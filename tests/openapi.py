"""What Discord takes: whether a request's body fits Discord's description of its API, and rules that it leaves out.

`discord-openapi.json` is an excerpt, word for word, of the OpenAPI document that Discord publishes under the MIT
licence at https://github.com/discord/discord-api-spec (`specs/openapi_preview.json`, API version 10, July 2026): the
JSON bodies of the requests that the bot makes, and the schemas to which they refer.
"""

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = Any
DOCUMENT = json.loads(Path(__file__).with_name("discord-openapi.json").read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
# Not by isinstance: to Python, True is a number.
TYPES: dict[str, set[type]] = {
    "null": {type(None)},
    "boolean": {bool},
    "string": {str},
    "integer": {int},
    "number": {int, float},
    "array": {list},
    "object": {dict},
}
# The keywords that state no rule of their own.
REMARKS = {"title", "description", "format", "x-discord-union"}
# What the document leaves out of a command (https://docs.discord.com/developers/interactions/application-commands), and
# what discord.py says of edits too.
UNLISTED = {"nsfw", "tts"}
# https://docs.discord.com/developers/components/reference: of a message with components of the second version.
V2 = 1 << 15
OLD = {1, 2, 3, 5, 6, 7, 8}


def faults(method: str, path: str, body: Json) -> list[str]:
    """What Discord would not take of a request, or what Footnote has promised not to send."""
    return list(_faults(method, path, json.dumps(body)))


@functools.lru_cache(maxsize=4096)  # every test sends the same commands
def _faults(method: str, path: str, body: str) -> tuple[str, ...]:
    schema = _body_of(method, path)
    if schema is None:
        return (f"no request of the document: {method} {path}",)
    read = json.loads(body)
    if path.endswith("/callback"):
        told = _of_answer(read)
    elif path.endswith("/commands"):
        told = (fault for command in read for fault in _of_command(command))
    elif path.endswith("/users/@me/channels"):
        told = iter(())
    else:
        told = _of_message(read, posted=method == "POST" and path.startswith("/channels/"))
    return tuple(unfit(schema, read) or told)  # the rules are for what has the right shape


def _body_of(method: str, path: str) -> Json | None:
    for template, methods in DOCUMENT["paths"].items():
        if method.lower() in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return methods[method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    return None


def unfit(schema: Json, value: Json, at: str = "body") -> list[str]:
    """Where a value differs from a JSON schema; of several alternatives, from the one that is nearest.

    More lenient than the document in two things that Discord takes: a snowflake as a number, and what fits more than
    one alternative. Stricter in one: a field that the document does not know is a slip.
    """
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        snowflake = name == "SnowflakeType" and type(value) is int
        return unfit(SCHEMAS[name], str(value) if snowflake else value, at)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(type(value) in TYPES[name] for name in types):
        return [f"{at} is no {' or '.join(types)}"]
    broken = [name for name, breaks in BREAKS.items() if name in schema and breaks(value, schema[name])]
    told = [f"{at} breaks {name} {schema[name]}" for name in broken]
    for part in schema.get("allOf", ()):
        told += unfit(part, value, at)
    for name in ("oneOf", "anyOf"):
        if name in schema:
            # The nearest: of the same type, as JSON or as Discord has it, and then with the fewest faults.
            kind = f"{at} is no", f"{at}.type "
            near = [part for part in schema[name] if _of_its_type(part, value)] or schema[name]
            tried = [unfit(part, value, at) for part in near]
            nearest = min(tried, key=lambda told: (any(fault.startswith(kind) for fault in told), len(told)))
            told += nearest
    if isinstance(value, list) and "items" in schema:
        told += [
            fault for number, item in enumerate(value) for fault in unfit(schema["items"], item, f"{at}[{number}]")
        ]
    if isinstance(value, dict):
        known, other = schema.get("properties", {}), schema.get("additionalProperties", False)
        for name, item in value.items():
            if name in known or other:
                told += unfit(known.get(name, other), item, f"{at}.{name}")
            elif known and name not in UNLISTED:
                told.append(f"{at}.{name} is unknown")
    return told


def _of_its_type(schema: Json, value: Json) -> bool:
    """Whether Discord's type of an object is one that a schema allows, so that the others need not be tried."""
    if "$ref" in schema:
        return _of_its_type(SCHEMAS[schema["$ref"].rpartition("/")[2]], value)
    wanted = schema.get("properties", {}).get("type")
    return not (wanted and isinstance(value, dict) and "type" in value and unfit(wanted, value["type"]))


BREAKS: dict[str, Any] = {
    "const": lambda value, limit: value != limit,
    "enum": lambda value, limit: value not in limit,
    "pattern": lambda value, limit: isinstance(value, str) and not re.search(limit, value),
    "minLength": lambda value, limit: isinstance(value, str) and len(value) < limit,
    "maxLength": lambda value, limit: isinstance(value, str) and len(value) > limit,
    "minimum": lambda value, limit: isinstance(value, int | float) and value < limit,
    "maximum": lambda value, limit: isinstance(value, int | float) and value > limit,
    "minItems": lambda value, limit: isinstance(value, list) and len(value) < limit,
    "maxItems": lambda value, limit: isinstance(value, list) and len(value) > limit,
    "uniqueItems": lambda value, _: isinstance(value, list) and len({json.dumps(item) for item in value}) < len(value),
    "maxProperties": lambda value, limit: isinstance(value, dict) and len(value) > limit,
    "required": lambda value, limit: isinstance(value, dict) and not set(limit) <= set(value),
}


def _of_answer(body: Json) -> Iterator[str]:
    """Rules for the first answer to an interaction; 4 and 7 are messages, 9 is a form."""
    data = body.get("data") or {}
    if body.get("type") in {4, 7}:
        yield from _of_message(data, posted=False)
    elif body.get("type") == 9:
        yield from _of_components(data["components"])


def _of_message(body: Json, *, posted: bool) -> Iterator[str]:
    """Rules for a message; one that is posted says which it is, so that Discord keeps one of two."""
    if body.get("allowed_mentions") != {"parse": []}:
        yield "body.allowed_mentions may ping somebody"
    if posted and not (body.get("nonce") and body.get("enforce_nonce")):
        yield "body has no nonce that Discord enforces"
    # The document says 4,000, which is for people who pay.
    if len(body.get("content") or "") > 2000:
        yield "body.content is longer than 2000"
    if body.get("embeds"):
        yield "body.embeds: the bot sends none, so nothing here adds up their lengths"
    components = body.get("components") or []
    second = any(component["type"] not in OLD for component in every(components))
    if second != bool((body.get("flags") or 0) & V2):
        yield "body.flags differs from what the components are"
    if second and body.get("content"):
        yield "body.content beside components that replace it"
    yield from _of_components(components)


def _of_components(components: list[Json]) -> Iterator[str]:
    found = list(every(components))
    if len(found) > 40:
        yield "more than 40 components"
    if len("".join(component.get("content") or "" for component in found)) > 4000:
        yield "components with more than 4000 characters"
    names = [component["custom_id"] for component in found if "custom_id" in component]
    if len(set(names)) < len(names):
        yield "two components with one custom_id"


def every(components: list[Json]) -> Iterator[Json]:
    """Each component, those inside others included."""
    for component in components:
        yield component
        inner = [component[name] for name in ("component", "accessory") if component.get(name)]
        yield from every([*component.get("components", ()), *inner])


def _of_command(command: Json) -> Iterator[str]:
    """Rules of https://docs.discord.com/developers/interactions/application-commands for a command."""
    if command.get("type", 1) == 1:  # the others are entries of menus
        yield from _of_option(command)


def _of_option(option: Json) -> Iterator[str]:
    """Rules for the names of a slash command and its options, and for their order."""
    inner = option.get("options") or []
    if option["name"] != option["name"].lower():
        yield f"the name {option['name']} is not in lower case"
    if option.get("autocomplete") and option.get("choices"):
        yield f"{option['name']} has choices and suggestions"
    required = [bool(one.get("required")) for one in inner]
    if required != sorted(required, reverse=True):
        yield f"an option of {option['name']} is required after one that is not"
    for one in inner:
        yield from _of_option(one)
