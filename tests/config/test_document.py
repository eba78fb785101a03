"""The configuration file: what it may say, and every complaint with its line."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.config import document
from apps.config.document import ConfigurationError, Source, parse, suggestion

ISSUE_SAMPLE = """\
teams: [{slug: platform, name: Platform}]
providers:                      # without team: shared
  - {slug: openai, dialect: openai_chat, base_url: https://api.openai.com/v1, \
credential: {value_from: env:PORTAL_SECRET_OPENAI}, extra_headers: {}, options: {},
     models: [{name: gpt-5-mini, max_input_tokens: 272000, max_output_tokens: 128000, \
prices: {input_usd_per_mtok: 0.25, output_usd_per_mtok: 2.0}}]}
endpoints:
  - {name: fast, targets: [{model: openai/gpt-5-mini, priority: 1, weight: 3, extra_headers: {}}]}
applications:
  - {slug: ci-bot, team: platform, kind: agent, scopes: [inference:call, embeddings:call]}
"""


def problem(text: str) -> str:
    """The only complaint about a file."""
    with pytest.raises(ConfigurationError) as caught:
        parse(text, name="portal.yaml")
    [line] = caught.value.problems
    return line


def problems(text: str) -> list[str]:
    """Every complaint about a file; anything else that goes wrong fails the test."""
    try:
        parse(text, name="x")
    except ConfigurationError as error:
        return error.problems
    return []


class TestParse:
    def test_reads_the_documented_format(self) -> None:
        read = parse(ISSUE_SAMPLE, name="portal.yaml").document

        [provider], [endpoint], [application] = read.providers, read.endpoints, read.applications
        assert read.teams[0].name == "Platform"
        assert provider.credential is not None
        assert provider.credential.value_from == "env:PORTAL_SECRET_OPENAI"
        assert provider.models[0].prices is not None
        assert provider.models[0].prices.output_usd_per_mtok == 2.0
        assert (endpoint.targets[0].model, endpoint.targets[0].weight) == ("openai/gpt-5-mini", 3)
        assert application.scopes == ["inference:call", "embeddings:call"]

    def test_an_empty_file_asks_for_nothing(self) -> None:
        assert parse("# nothing yet\n", name="x").document == document.Document()

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("teams:\n  - slug: ]", "portal.yaml:2: not valid YAML"),
            ("\t- x", "portal.yaml:1: not valid YAML"),
            ("teams: []\n--- \nteams: []", "portal.yaml:2: not valid YAML"),
            ("teams: \x01", "portal.yaml:1: not valid YAML"),
            ("teams:\n- slug: !!python/object:os.system x", "portal.yaml:2: not valid YAML"),
            ("teams:\n- slug: *nobody", "portal.yaml:2: not valid YAML"),
            ("- 1", "portal.yaml:1: file: Expected `object`, got `array`"),
            ("teams: []\nteams: []", "portal.yaml:2: the key 'teams' stands here twice"),
            ("teams:\n- ? [a]\n  : b", "portal.yaml:2: a key must be text"),
            ("teams:\n\n- slug: 2026-13-45", "portal.yaml:3: no valid timestamp"),
            ("teams:\n- slug: !!int abc", "portal.yaml:2: no valid int"),
            ('teams:\n- slug: "a\\0b"', "portal.yaml:2: a text holds a NUL"),
            ("team: []", "portal.yaml:1: unknown key 'team'; did you mean 'teams'?"),
            ("teams:\n- slug: a\n  nam: b", "portal.yaml:3: unknown key 'nam'; did you mean"),
            ("teams:\n- slug: a\n  zzz: b", "portal.yaml:3: unknown key 'zzz'; known: name, slug"),
            ("teams:\n- slug: 5", "portal.yaml:2: teams[0].slug: Expected `str`, got `int`"),
            ("teams:\n- slug: a\n- name: b", "portal.yaml:3: teams[1]: Object missing required"),
            ("endpoints:\n- name: a", "portal.yaml:2: endpoints[0]: Object missing required"),
        ],
    )
    def test_says_where_and_what(self, text: str, says: str) -> None:
        assert problem(text).startswith(says)

    @pytest.mark.parametrize(
        ("place", "known"),
        [
            ("providers:\n- {slug: a, dialect: b, base_url: c, KEY: 1}", "base_url"),
            ("providers:\n- {slug: a, dialect: b, base_url: c, models: [{name: m, KEY: 1}]}", "op"),
            (
                "providers:\n- {slug: a, dialect: b, base_url: c, "
                "models: [{name: m, prices: {KEY: 1}}]}",
                "input_usd_per_mtok",
            ),
            ("providers:\n- {slug: a, dialect: b, base_url: c, credential: {KEY: 1}}", "value"),
            ("endpoints:\n- {name: a, targets: [], KEY: 1}", "body_policy"),
            ("endpoints:\n- {name: a, targets: [{model: m/n, KEY: 1}]}", "weight"),
            ("applications:\n- {slug: a, team: t, KEY: 1}", "kind"),
        ],
    )
    def test_an_unknown_key_is_refused_at_every_level(self, place: str, known: str) -> None:
        told = problem(place.replace("KEY", "qqqq"))

        assert told.startswith("portal.yaml:2: unknown key 'qqqq'; known: ")
        assert known in told

    def test_a_wrong_type_tells_no_value(self) -> None:
        text = (
            "providers:\n- {slug: a, dialect: b, base_url: c, credential: {value: [s3cret-value]}}"
        )

        assert "s3cret" not in problem(text)


class TestBounds:
    def test_size(self) -> None:
        assert "larger than" in problem("#" * (document.MAX_BYTES + 1))

    @pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
    def test_depth(self, opening: str) -> None:
        assert "nested deeper" in problem(opening * 50_000)

    def test_an_anchor_that_holds_itself(self) -> None:
        assert "nested deeper" in problem("teams: &x [*x]")

    def test_aliases_that_multiply(self) -> None:
        bomb = "a0: &a0 [x]\n" + "".join(
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
        )

        assert "aliases included" in problem(bomb)

    def test_an_honest_alias_is_welcome(self) -> None:
        read = parse(
            "applications:\n- {slug: a, team: t, scopes: &all [models:read]}\n"
            "- {slug: b, team: t, scopes: *all}",
            name="x",
        ).document

        assert read.applications[1].scopes == ["models:read"]

    @given(st.text(max_size=80))
    def test_no_text_is_more_than_a_complaint(self, text: str) -> None:
        assert all(line.startswith("x:") for line in problems(text))

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["teams", "slug", "providers", "models", "targets", "x"]), inner
                )
            ),
            max_leaves=10,
        )
    )
    def test_no_shape_is_more_than_a_complaint(self, data: Any) -> None:
        text = msgspec.yaml.encode(data).decode("utf-8", "replace")

        assert all(line.startswith("x:") for line in problems(text))


class TestLineOf:
    SOURCE: Source = parse(
        "teams:\n- slug: a\n\nproviders:\n- slug: p\n  dialect: d\n  base_url: u\n"
        "  models:\n  - name: m\n",
        name="x",
    )

    @pytest.mark.parametrize(
        ("path", "line"),
        [
            ("teams[0].slug", 2),
            ("providers[0].models[0].name", 9),
            ("providers[0].models[0].prices.input_usd_per_mtok", 9),
            ("providers[0].models[7]", 8),
            ("providers[0].credential", 5),
            ("endpoints[0].name", 1),
            ("", 1),
        ],
    )
    def test_finds_the_value_or_what_is_around_it(self, path: str, line: int) -> None:
        assert self.SOURCE.line_of(path) == line


class TestSuggestion:
    def test_names_what_looks_like_it(self) -> None:
        assert suggestion("opnai", ["openai", "acme"]) == "; did you mean 'openai'?"

    def test_names_what_there_is(self) -> None:
        assert suggestion("zzz", ["b", "a"]) == "; known: a, b"

    def test_says_nothing_about_nothing(self) -> None:
        assert suggestion("zzz", []) == ""
