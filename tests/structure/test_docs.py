"""What the documents say about configuration is what the code does."""

import re
from pathlib import Path

import msgspec
import pytest

from apps.config import document
from apps.providers.dialects import DIALECTS
from portal.env import PREFIX, Environment, ProductionEnvironment
from tests.conftest import REPOSITORY

DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
CONFIGURATION = (REPOSITORY / "docs" / "configuration.md").read_text()
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
EXAMPLES = [
    pytest.param(block, id=f"{path.name}-{number}")
    for path in DOCUMENTS
    for number, block in enumerate(BLOCK.findall(path.read_text()))
]
# The keys of an entry stand under this heading; two kinds of entry have a table of their own.
SECTIONS = {
    "teams": (document.TeamEntry,),
    "providers": (document.ProviderEntry, document.ModelEntry),
    "endpoints": (document.EndpointEntry, document.TargetEntry),
    "applications": (document.ApplicationEntry,),
}


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def section(title: str) -> str:
    found = re.search(rf"^#+ {title}$(.*?)(?=^#|\Z)", CONFIGURATION, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found[1]


class TestExamples:
    def test_there_are_some(self) -> None:
        assert len(EXAMPLES) >= 5

    @pytest.mark.parametrize("text", EXAMPLES)
    def test_are_of_the_format(self, text: str) -> None:
        source = document.parse(text, name="example.yaml")

        assert source.document != document.Document()


class TestKeys:
    @pytest.mark.parametrize("title", SECTIONS)
    def test_are_all_told_and_no_others(self, title: str) -> None:
        told = [cell[0].strip("`") for cell in rows(section(title)) if cell[0].startswith("`")]

        known = [name for kind in SECTIONS[title] for name in kind.__struct_fields__]
        assert sorted(told) == sorted(known)

    def test_those_of_prices_are_told(self) -> None:
        for name in document.PricesEntry.__struct_fields__:
            assert f"`{name}`" in section("providers")

    @pytest.mark.parametrize("title", SECTIONS)
    def test_what_is_required_is_told(self, title: str) -> None:
        told = {cell[0].strip("`") for cell in rows(section(title)) if "required" in cell[1]}

        kinds = [msgspec.structs.fields(kind) for kind in SECTIONS[title]]
        assert told == {field.name for fields in kinds for field in fields if field.required}


class TestOptions:
    def test_are_all_told_with_their_defaults(self) -> None:
        told: dict[str, dict[str, str]] = {}
        for dialect, option, default, *_ in rows(section("Options of each dialect"))[2:]:
            name = dialect.strip("`") or next(reversed(told))
            told.setdefault(name, {})[option.strip("`")] = default.strip("`")

        assert told == {name: _options(name) for name in DIALECTS}

    def test_auth_schemes_name_the_dialects_that_use_them(self) -> None:
        usual = {row[0].strip("`"): row[2] for row in rows(section("Auth schemes"))}

        for name, dialect in DIALECTS.items():
            assert f"`{name}`" in usual[dialect.auth]


class TestEnvironment:
    def test_is_told_completely(self) -> None:
        told = {row[0].strip("`"): row[1:] for row in rows(section("The environment"))[2:]}
        example = (REPOSITORY / ".env.example").read_text()
        defaults = dict(re.findall(r"^#(PORTAL_[A-Z_]+)=(.*)$", example, re.MULTILINE))

        assert list(told) == [f"{PREFIX}{name.upper()}" for name in Environment.model_fields]
        for name, field in Environment.model_fields.items():
            default, meaning = told[f"{PREFIX}{name.upper()}"]
            required = ProductionEnvironment.model_fields[name].is_required()
            assert meaning == (field.description or "") + " (production must set it)" * required
            assert default.strip("`") == defaults[f"{PREFIX}{name.upper()}"]


class TestLinks:
    @pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
    def test_lead_somewhere(self, path: Path) -> None:
        for target, anchor in LINK.findall(path.read_text()):
            file = (path.parent / target) if target else path
            assert file.exists(), f"{path.name} links to {target}"
            if anchor:
                assert anchor in _anchors(file.read_text())


def _options(dialect: str) -> dict[str, str]:
    fields = msgspec.structs.fields(DIALECTS[dialect].outbound.Options)
    return {field.name: _shown(field.default) for field in fields}


def _shown(default: object) -> str:
    if default is None:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    return "[]" if default == () else str(default)


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
