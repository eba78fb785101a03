from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from apps.providers.simulator.patterns import matching
from apps.providers.simulator.schemas import instance, telling_words
from tests.providers.simulator.cases import PERSON, WEATHER

TREE: dict[str, Any] = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "number"},
                "left": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["value", "left", "children"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "weather": WEATHER,
    "person": PERSON,
    "tree": TREE,
    "nothing": {"type": "object", "properties": {}},
    "empty": {},
    "const": {"const": 7},
    "nullable": {"type": ["null", "string"], "maxLength": 3},
    "all of": {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"b": {"type": "boolean"}}, "required": ["b"]},
        ]
    },
    "one of": {"oneOf": [{"type": "integer", "minimum": 5}, {"type": "string"}]},
    "between": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "multiple": {"type": "integer", "multipleOf": 5, "minimum": 7, "maximum": 31},
    "tuple": {
        "type": "array",
        "prefixItems": [{"type": "string"}, {"type": "integer"}],
        "items": False,
    },
    "unique": {
        "type": "array",
        "items": {"enum": ["a", "b", "c"]},
        "minItems": 3,
        "uniqueItems": True,
    },
    "at most": {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    "undeclared": {"type": "object", "required": ["x"]},
    "date": {"type": "string", "format": "date-time"},
    "pattern": {"type": "string", "pattern": "^[A-Z]{2}-\\d{3,5}(x|y)?$"},
    "long": {"type": "string", "minLength": 40, "maxLength": 60},
    "negative": {"type": "integer", "maximum": -3},
}


class TestInstance:
    @pytest.mark.parametrize("name", SCHEMAS)
    @pytest.mark.parametrize("seed", ["a", "b", "c"])
    def test_is_valid(self, name: str, seed: str) -> None:
        made = instance(SCHEMAS[name], seed=seed, words=["Paris", "London"])

        Draft202012Validator(SCHEMAS[name]).validate(made)

    def test_is_the_same_for_the_same_seed(self) -> None:
        assert instance(PERSON, seed="x") == instance(PERSON, seed="x")
        assert len({str(instance(PERSON, seed=str(seed))) for seed in range(9)}) > 1

    def test_takes_the_upper_case_types_of_gemini(self) -> None:
        schema = {
            "type": "OBJECT",
            "properties": {"city": {"type": "STRING"}, "days": {"type": "INTEGER"}},
            "required": ["city", "days"],
        }

        made = instance(schema, seed="x", words=["Paris"])

        assert made["city"] == "Paris"
        assert isinstance(made["days"], int)

    @given(st.integers(-1000, 1000), st.integers(0, 1000), st.integers(0, 10**6))
    def test_keeps_within_bounds(self, low: int, span: int, seed: int) -> None:
        for kind in ("integer", "number"):
            schema = {"type": kind, "minimum": low, "maximum": low + span}
            Draft202012Validator(schema).validate(instance(schema, seed=str(seed)))


class TestMatching:
    @pytest.mark.parametrize(
        "pattern",
        [
            "^a+$",
            r"^\d{4}-\d{2}$",
            r"^(foo|bar)\s\w*$",
            "^[^a-z]{3}$",
            r"^[a-z0-9_-]{1,64}$",
            r"\.json$",
            "^$",
        ],
    )
    def test_gives_a_text_that_the_pattern_accepts(self, pattern: str) -> None:
        Draft202012Validator({"pattern": pattern}).validate(matching(pattern))

    def test_gives_nothing_for_what_is_no_pattern(self) -> None:
        assert matching("(") == ""

    def test_is_as_long_as_it_must_be(self) -> None:
        assert len(matching("^[a-z]+$", 5)) >= 5


class TestTellingWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Weather in Paris and London, please", ["Paris", "London"]),
            ("Paris", ["Paris"]),
            ("what is the temperature outside", ["temperature", "outside"]),
            ("", []),
        ],
    )
    def test_prefers_names(self, text: str, words: list[str]) -> None:
        assert telling_words(text) == words
