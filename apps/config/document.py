"""Read a configuration file: YAML in, typed entries out, every error with its line.

The shapes here are the public format of `manage.py apply`.
"""

import difflib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from apps.core.errors import InvalidInputError

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 200_000


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every entry: unknown keys are refused."""


class TeamEntry(Entry, frozen=True):
    """A team, by slug."""

    slug: str
    name: str = ""
    time_zone: str | None = None


class PricesEntry(Entry, frozen=True):
    """US dollars per million tokens; they win over the bundled price data."""

    input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float | None = None
    cache_read_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None


class ModelEntry(Entry, frozen=True):
    """A model of a provider, by the provider's own name for it."""

    name: str
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    operations: list[str] | None = None
    prices: PricesEntry | None = None


class CredentialEntry(Entry, frozen=True):
    """A secret by value, or by the name of an environment variable (`env:PORTAL_SECRET_…`)."""

    value: str | None = None
    value_from: str | None = None


class ProviderEntry(Entry, frozen=True):
    """A provider, by slug; without team it is shared."""

    slug: str
    dialect: str
    base_url: str
    name: str | None = None
    team: str | None = None
    auth: str | None = None
    credential: CredentialEntry | None = None
    extra_headers: dict[str, str] = {}
    options: dict[str, Any] = {}
    simulated: bool = False
    enabled: bool = True
    models: list[ModelEntry] = []


class TargetEntry(Entry, frozen=True):
    """One provider model (`provider/model`) behind an endpoint."""

    model: str
    priority: int = 1
    weight: int = 1
    extra_headers: dict[str, str] = {}
    enabled: bool = True


class EndpointEntry(Entry, frozen=True):
    """A published name; without team it is shared."""

    name: str
    targets: list[TargetEntry]
    team: str | None = None
    description: str = ""
    body_policy: str = ""
    timeout_s: float | None = None
    enabled: bool = True


class ApplicationEntry(Entry, frozen=True):
    """Something that calls, by slug; a new one is an agent unless it says otherwise."""

    slug: str
    team: str
    name: str | None = None
    kind: str = "agent"
    scopes: list[str] = []


class Document(Entry, frozen=True):
    """A whole file."""

    teams: list[TeamEntry] = []
    providers: list[ProviderEntry] = []
    endpoints: list[EndpointEntry] = []
    applications: list[ApplicationEntry] = []


class ConfigurationError(InvalidInputError):
    """What is wrong in a configuration file, each line with file, line and a suggestion."""

    code = "invalid_configuration"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems), details={"problems": problems})
        self.problems = problems


Lines = Mapping[str, int]


class Source:
    """A parsed file: its document, and where each part of it stands."""

    def __init__(self, name: str, document: Document, lines: Lines) -> None:
        self.name = name
        self.document = document
        self._lines = lines

    def problem(self, path: str, text: str) -> str:
        """One line of complaint about the value at `path` (`providers[0].models[1].name`)."""
        return f"{self.name}:{self.line_of(path)}: {text}"

    def line_of(self, path: str) -> int:
        """The line of `path`, or of the nearest part around it that is in the file."""
        while path and path not in self._lines:
            path = re.sub(r"(\.[^.\[\]]+|\[\d+\]|^[^.\[\]]+)$", "", path)
        return self._lines.get(path, 1)


def parse(text: str, *, name: str) -> Source:
    """Read one file.

    Raises:
        ConfigurationError: no YAML, or not the format; names line and nearest known key.
    """
    if len(text) > MAX_BYTES:
        raise ConfigurationError([f"{name}:1: the file is larger than {MAX_BYTES} bytes"])
    lines: dict[str, int] = {}
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        data = _Builder(lines).build(node, "") if node is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError([f"{name}:{line}: not valid YAML: {error.problem}"]) from error
    except yaml.YAMLError as error:
        raise ConfigurationError([f"{name}:1: not valid YAML: {error}"]) from error
    except _NotPlainError as error:
        raise ConfigurationError([f"{name}:{error.line}: {error.text}"]) from error
    source = Source(name, Document(), lines)
    try:
        source.document = msgspec.convert(data, Document)
    except msgspec.ValidationError as error:
        raise ConfigurationError([_explain(source, str(error))]) from error
    return source


def suggestion(wrong: str, known: list[str] | tuple[str, ...]) -> str:
    """`; did you mean x?` when something known looks like it, else the list of what is known."""
    near = difflib.get_close_matches(wrong, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(sorted(known)[:20])}" if known else ""


class _NotPlainError(Exception):
    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


def _check_depth(text: str) -> None:
    """Walk the events, which are flat: composing what is nested too deep would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_deep(event.start_mark.line + 1 if event.start_mark else 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep(line: int) -> _NotPlainError:
    return _NotPlainError(line, f"nested deeper than {MAX_DEPTH} levels")


class _Builder:
    """Makes plain data of YAML nodes, and notes the line of every path.

    An alias counts like what it stands for, so that a few lines cannot grow without end.
    """

    def __init__(self, lines: dict[str, int]) -> None:
        self._lines = lines
        self._nodes = 0
        self._scalars = yaml.SafeLoader("")

    def build(self, node: yaml.Node, path: str, depth: int = 0) -> Any:
        """The data of a node; refuses duplicate keys."""
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _NotPlainError(line, f"more than {MAX_NODES} values, aliases included")
        if depth > MAX_DEPTH:  # an anchor that holds an alias to itself has no end
            raise _too_deep(line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.build(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node.value)
            ]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise _NotPlainError(line, "a key must be text")
            if key in result:
                raise _NotPlainError(line, f"the key {key!r} stands here twice")
            inner = f"{path}.{key}" if path else key
            self._lines[inner] = line
            result[key] = self.build(value_node, inner, depth + 1)
        return result

    def _scalar(self, node: yaml.Node) -> Any:
        line = node.start_mark.line + 1
        try:
            value = self._scalars.construct_object(node)
        except ValueError as error:
            kind = node.tag.rpartition(":")[2]
            raise _NotPlainError(line, f"no valid {kind}; text goes in quotes") from error
        if isinstance(value, str) and "\0" in value:
            raise _NotPlainError(line, "a text holds a NUL character")
        return value


_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*?)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<field>.*)`")


def _explain(source: Source, message: str) -> str:
    match = _PLACE.match(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    if unknown := _UNKNOWN.search(what):
        field = unknown["field"]
        place = f"{path}.{field}" if path else field
        known = _fields_at(path)
        return source.problem(place, f"unknown key {field!r}{suggestion(field, known)}")
    return source.problem(path, f"{path or 'file'}: {what}")


_ENTRIES: Mapping[str, type[Entry]] = {
    "": Document,
    "teams[]": TeamEntry,
    "providers[]": ProviderEntry,
    "providers[].credential": CredentialEntry,
    "providers[].models[]": ModelEntry,
    "providers[].models[].prices": PricesEntry,
    "endpoints[]": EndpointEntry,
    "endpoints[].targets[]": TargetEntry,
    "applications[]": ApplicationEntry,
}


def _fields_at(path: str) -> tuple[str, ...]:
    kind = _ENTRIES.get(re.sub(r"\[\d+\]", "[]", path))
    return kind.__struct_fields__ if kind is not None else ()
