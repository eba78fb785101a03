"""Make an instance of a JSON Schema: repeatable, plausible, and valid for what is in common use.

Understood: type (one or several, JSON Schema or Gemini's upper case), enum, const, default,
properties, required, items, prefixItems, allOf, anyOf, oneOf, local $ref, nullable, formats,
pattern, and the bounds of strings, numbers, arrays and objects. Recursive schemas end because
optional parts are left out below a depth. Not understood: not, if/then/else, dependent keywords.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from apps.providers.simulator.dice import Dice
from apps.providers.simulator.exchange import SimError
from apps.providers.simulator.patterns import matching

Schema = Mapping[str, Any]

MAX_OPTIONAL_DEPTH: Final = 4
MAX_DEPTH: Final = 24
STEPS: Final = 40
COMMON: Final = frozenset(
    """a an and are be both call can could do does for from give how i in is it me my of on or
    parallel please say show tell that the then there this to tool tools use using was what
    what's when where which who why will with you your""".split()  # noqa: SIM905 - reads better
)
FORMATS: Final = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "PT15M",
    "email": "simulated@example.com",
    "hostname": "simulated.example.com",
    "ipv4": "192.0.2.7",
    "ipv6": "2001:db8::7",
    "uri": "https://example.com/simulated",
    "uuid": "00000000-0000-4000-8000-000000000007",
}


def instance(schema: Schema, *, seed: str, words: Sequence[str] = ()) -> Any:
    """Return an instance of the schema.

    `words` are taken, in order and around again, for strings without other bounds, so that the
    arguments of a tool call look as if the question had been read.

    Raises:
        SimError: the schema is none.
    """
    try:
        return _Maker(schema, Dice(seed), words).make(schema, "value", 0)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise SimError(400, f"[simulated] Invalid schema: {error}.", param="schema") from error


class _Maker:
    def __init__(self, root: Schema, dice: Dice, words: Sequence[str]) -> None:
        self._root = root
        self._dice = dice
        self._words = list(words)
        self._used = 0

    def make(self, schema: Any, name: str, depth: int) -> Any:
        if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
            return f"simulated {name}"
        schema = self._resolve(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._dice.pick(schema["enum"])
        if "default" in schema and schema["default"] is not None:
            return schema["default"]
        maker = getattr(self, f"_{_type_of(schema, depth)}")
        return maker(schema, name, depth)

    def _resolve(self, schema: Schema, depth: int) -> Schema:
        """Fold $ref, allOf, anyOf and oneOf into one flat schema."""
        for _ in range(MAX_DEPTH):
            reference = schema.get("$ref")
            if isinstance(reference, str):
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = {**self._lookup(reference), **rest}
            elif any(key in schema for key in ("allOf", "anyOf", "oneOf")):
                schema = self._fold(schema, depth)
            else:
                return schema
        return {"type": "null"}

    def _fold(self, schema: Schema, depth: int) -> Schema:
        flat = {key: value for key, value in schema.items() if key not in _COMBINERS}
        for part in schema.get("allOf") or ():
            flat = _merge(flat, self._resolve(part, depth))
        for key in ("anyOf", "oneOf"):
            branches = [self._resolve(branch, depth) for branch in schema.get(key) or ()]
            if branches:
                flat = _merge(flat, _best(branches, prefer_null=depth > MAX_OPTIONAL_DEPTH))
        return flat

    def _lookup(self, reference: str) -> Schema:
        node: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if step:
                node = node.get(step) if isinstance(node, Mapping) else None
        return node if isinstance(node, Mapping) else {}

    def _object(self, schema: Schema, name: str, depth: int) -> dict[str, Any]:
        del name
        properties: Mapping[str, Any] = schema.get("properties") or {}
        required = {str(name) for name in schema.get("required") or ()}
        made = {
            key: self.make(properties[key], key, depth + 1)
            for key in properties
            if key in required or depth < MAX_OPTIONAL_DEPTH
        }
        for key in sorted(required - set(made)):
            made[key] = self.make(schema.get("additionalProperties"), key, depth + 1)
        extra = schema.get("additionalProperties")
        while len(made) < schema.get("minProperties", 0):
            key = f"key{len(made) + 1}"
            made[key] = self.make(extra, key, depth + 1)
        return made

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        fixed = [self.make(item, name, depth + 1) for item in schema.get("prefixItems") or ()]
        least = int(schema.get("minItems", 0))
        wanted = least if depth >= MAX_OPTIONAL_DEPTH else max(least, len(fixed), 1)
        wanted = min(wanted, int(schema.get("maxItems", wanted)))
        items = schema.get("items")
        while len(fixed) < wanted and items is not False:
            fixed.append(self._fresh_item(items, name, depth, fixed, schema))
        return fixed

    def _fresh_item(
        self, items: Any, name: str, depth: int, made: list[Any], schema: Schema
    ) -> Any:
        item = self.make(items if items is not None else {}, name, depth + 1)
        if not schema.get("uniqueItems"):
            return item
        for option in items.get("enum", ()) if isinstance(items, Mapping) else ():
            if option not in made:
                return option
        if isinstance(item, str) and item in made:
            return f"{item} {len(made) + 1}"
        return item + len(made) if isinstance(item, int) and item in made else item

    def _string(self, schema: Schema, name: str, depth: int) -> str:
        del depth
        if schema.get("pattern"):
            return matching(schema["pattern"], schema.get("minLength", 0))
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        text = self._word() or f"simulated {name}"
        least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
        if len(text) < least:
            text += "." * (least - len(text))
        return text if most is None else text[: int(most)]

    def _word(self) -> str:
        if not self._words:
            return ""
        self._used += 1
        return self._words[(self._used - 1) % len(self._words)]

    def _integer(self, schema: Schema, name: str, depth: int) -> int:
        return int(self._bounded(schema, 1))

    def _number(self, schema: Schema, name: str, depth: int) -> float | int:
        return self._bounded(schema, 0.5)

    def _bounded(self, schema: Schema, step: float) -> float | int:
        """Return a multiple of the step within the bounds, at most forty steps from the lowest."""
        step = schema.get("multipleOf") or step
        low, high = _bounds(schema, step)
        first = -(-low // step) * step if step >= 1 or schema.get("multipleOf") else low
        steps = STEPS if high is None else max(int((high - first) // step), 0)
        return first + step * self._dice.below(min(steps, STEPS) + 1)

    def _boolean(self, schema: Schema, name: str, depth: int) -> bool:
        return self._dice.below(2) == 1

    def _null(self, schema: Schema, name: str, depth: int) -> None:
        return None


_COMBINERS = ("allOf", "anyOf", "oneOf")
_KINDS = ("object", "array", "string", "integer", "number", "boolean", "null")
_HINTS = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minLength": "string",
    "pattern": "string",
    "format": "string",
    "minimum": "number",
    "maximum": "number",
}


def _type_of(schema: Schema, depth: int) -> str:
    declared = schema.get("type")
    options = declared if isinstance(declared, list) else [declared]
    kinds = [str(option).lower() for option in options if str(option).lower() in _KINDS]
    if depth > MAX_OPTIONAL_DEPTH and ("null" in kinds or schema.get("nullable")):
        return "null"
    for kind in kinds:
        if kind != "null":
            return kind
    if kinds:
        return "null"
    return next((kind for key, kind in _HINTS.items() if key in schema), "string")


def _best(branches: list[Schema], *, prefer_null: bool) -> Schema:
    nulls = [branch for branch in branches if branch.get("type") == "null"]
    others = [branch for branch in branches if branch.get("type") != "null"]
    if prefer_null and nulls:
        return nulls[0]
    return others[0] if others else nulls[0]


def _merge(left: Schema, right: Schema) -> dict[str, Any]:
    merged = {**left, **right}
    if "properties" in left and "properties" in right:
        merged["properties"] = {**left["properties"], **right["properties"]}
    if "required" in left and "required" in right:
        merged["required"] = [*left["required"], *right["required"]]
    return merged


def _bounds(schema: Schema, step: float) -> tuple[float, float | None]:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None and under is not None:
        step = min(step, (under - above) / 2)
    if above is not None:
        low = above + step
    if under is not None:
        high = under - step
    if low is None:
        low = 0 if high is None else min(0, high)
    return low, high


def telling_words(text: str) -> list[str]:
    """Return the words of a question that look like arguments: names first, then long words."""
    words = re.findall(r"[^\W_][\w'’-]*", text)
    names = [word for word in words if word[0].isupper() and word.lower() not in COMMON]
    inner = [name for name in names if not re.match(rf"\W*{re.escape(name)}", text)]
    if names:
        return list(dict.fromkeys(inner or names))
    longest = sorted(set(words), key=lambda word: (-len(word), words.index(word)))
    return [word for word in longest if word.lower() not in COMMON][:3]
