"""The typed environment of the portal; nothing else reads environment variables."""

import base64
import binascii
import ipaddress
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from portal import secrets_file

PREFIX: Final = "PORTAL_"
BASE_DIR: Final = Path(__file__).resolve().parent.parent
TEST_SETTINGS: Final = "portal.settings.test"

# Names with our prefix that are somebody else's: values for `apply`, and what tests are told.
FOREIGN: Final = (
    "PORTAL_SECRET_",
    "PORTAL_TEST_",
    "PORTAL_BENCH_",
    "PORTAL_SHARED",
    "PORTAL_REQUIRE_ALL",
)


class EnvironmentInvalidError(Exception):
    """What is missing or wrong in the environment, all of it at once."""


def split_list(value: object) -> object:
    """Read `a, b` as two values; JSON lists are for people who quote for a living."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def check_host_port(value: str) -> str:
    """Accept `host:port`."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"'{value}' is not host:port")
    return value.lower()


def check_network(value: str) -> str:
    """Accept an address or a network, written `10.0.0.0/8`."""
    return str(ipaddress.ip_network(value, strict=False))


def check_key_encryption_keys(value: SecretStr) -> SecretStr:
    """Accept keys that can be read."""
    parse_key_encryption_keys(value)
    return value


def parse_key_encryption_keys(value: SecretStr) -> dict[int, bytes]:
    """Read `1:<base64 of 32 bytes>,2:…`; the highest version seals, all of them open."""
    keys: dict[int, bytes] = {}
    for part in value.get_secret_value().split(","):
        version, _, text = part.strip().partition(":")
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error:
            key = b""
        if not version.isdecimal() or not 0 < int(version) < 2**32 or len(key) != 32:
            raise ValueError("must read version:base64 of 32 bytes, several divided by commas")
        if int(version) in keys:
            raise ValueError(f"names version {version} twice")
        keys[int(version)] = key
    return keys


def check_long(value: SecretStr) -> SecretStr:
    """Accept secrets that nobody guesses."""
    if len(value.get_secret_value()) < 32:
        raise ValueError("needs at least 32 characters")
    return value


def strip_slash(value: str) -> str:
    """Accept web addresses, without their last slash."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


LongSecret = Annotated[SecretStr, AfterValidator(check_long)]
KeyEncryptionKeys = Annotated[SecretStr, AfterValidator(check_key_encryption_keys)]
Url = Annotated[str, AfterValidator(strip_slash)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list)]
HostPorts = Annotated[
    tuple[Annotated[str, AfterValidator(check_host_port)], ...],
    NoDecode,
    BeforeValidator(split_list),
]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(check_network)], ...], NoDecode, BeforeValidator(split_list)
]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Environment(BaseSettings):
    """What an operator decides. Embedded mode has a working value for everything."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=BASE_DIR / ".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    mode: Literal["embedded", "production"] = Field(
        "embedded", description="embedded needs no server; production must be told everything"
    )
    plane: Literal["all", "data", "control"] = Field(
        "all", description="which half a web process serves: calls, administration, or both"
    )
    home: Path = Field(Path("var"), description="directory of data, relative to the repository")
    port: int = Field(
        8000, gt=0, lt=65536, description="port of `make up`; PORT without prefix is honoured too"
    )
    simulator_port: int = Field(
        0, ge=0, lt=65536, description="port of the simulated provider beside it; 0: there is none"
    )
    secret_key: LongSecret = Field(
        SecretStr(""), description="Django's signing key, 32 characters or more"
    )
    key_encryption_keys: KeyEncryptionKeys = Field(
        SecretStr(""),
        description="version:base64 of 32 bytes, several divided by commas; the highest one seals",
    )
    key_pepper: LongSecret = Field(
        SecretStr(""),
        description="key of the hash of API keys, 32 characters or more; never change",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="postgresql://user:password@host:5432/name; empty: SQLite in home",
    )
    database_pool: bool = Field(False, description="pool PostgreSQL connections inside a process")
    broker_url: SecretStr = Field(
        SecretStr(""), description="redis://… or amqp://…; empty: a folder in home"
    )
    allowed_hosts: Names = Field(
        ("127.0.0.1", "localhost", "[::1]"), description="host names that may be asked for"
    )
    public_url: Url = Field(
        "http://127.0.0.1:8000", description="where callers reach the portal, without last slash"
    )
    private_upstreams: HostPorts = Field(
        (), description="host:port of providers that may be private or plain http"
    )
    trusted_proxies: Networks = Field(
        (), description="networks whose X-Forwarded-* headers are believed"
    )
    max_body_bytes: int = Field(
        25 * 2**20, gt=0, description="largest request body that is accepted"
    )
    max_reply_bytes: int = Field(
        64 * 2**20, gt=0, description="largest body that a provider may answer"
    )
    log_bodies: Literal["off", "errors", "all"] = Field(
        "errors", description="of which calls the bodies are stored, encrypted"
    )
    log_body_bytes: int = Field(
        256 * 2**10, ge=0, description="how much of each stored body is kept"
    )
    log_retention_days: int = Field(30, gt=0, description="age at which call logs are deleted")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least level of the portal's own log"
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="one JSON object a line, or lines for people"
    )
    timeout_connect_s: Seconds = Field(5.0, description="to connect to a provider")
    timeout_first_byte_s: Seconds = Field(60.0, description="until a provider begins to answer")
    timeout_idle_s: Seconds = Field(60.0, description="between two pieces of an answer")
    timeout_total_s: Seconds = Field(600.0, description="for one whole call")
    snapshot_poll_ms: int = Field(
        300, ge=20, le=10_000, description="how often processes look for changed configuration"
    )


class ProductionEnvironment(Environment):
    """What production must decide itself has no default here."""

    secret_key: LongSecret
    key_encryption_keys: KeyEncryptionKeys
    key_pepper: LongSecret
    database_url: SecretStr
    broker_url: SecretStr
    allowed_hosts: Names
    public_url: Url


class _Mode(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=BASE_DIR / ".env", extra="ignore", env_ignore_empty=True
    )

    mode: str = "embedded"
    home: Path = Path("var")
    port: int | None = None


def load() -> Environment:
    """Read and check the environment.

    Raises:
        EnvironmentInvalidError: something is missing or wrong; names everything.
    """
    if os.environ.get("DJANGO_SETTINGS_MODULE") == TEST_SETTINGS:
        return for_tests()
    return read()


def read(**overrides: Any) -> Environment:
    """Read the environment and `.env`; `overrides` win, and `_env_file` names another file."""
    env_file = {key: overrides.pop(key) for key in ["_env_file"] if key in overrides}
    try:
        mode = _Mode(**env_file, **{k: v for k, v in overrides.items() if k in _Mode.model_fields})
        home = overrides["home"] = BASE_DIR / mode.home.expanduser()
        # What is in there is nobody else's business: the database, the secrets.
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if mode.port is None and os.environ.get("PORT"):
            overrides["port"] = os.environ["PORT"]
        if mode.mode == "production":
            return ProductionEnvironment(**env_file, **overrides)
        found = Environment(**env_file, **(generated_secrets(home, **env_file) | overrides))
    except ValidationError as error:
        raise EnvironmentInvalidError(describe(error)) from None
    if "public_url" in found.model_fields_set:
        return found
    return found.model_copy(update={"public_url": f"http://127.0.0.1:{found.port}"})


def generated_secrets(home: Path, **env_file: Any) -> dict[str, Any]:
    """Fill in those secrets that the operator did not choose, from a file made at first start."""
    chosen = _Chosen(**env_file).model_dump(exclude_none=True)
    if len(chosen) == len(_Chosen.model_fields):
        return {}
    generated = secrets_file.ensure(home / "secrets.json")
    return {key: value for key, value in generated.items() if key not in chosen}


class _Chosen(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=BASE_DIR / ".env", extra="ignore", env_ignore_empty=True
    )

    secret_key: SecretStr | None = None
    key_encryption_keys: SecretStr | None = None
    key_pepper: SecretStr | None = None


def describe(error: ValidationError) -> str:
    """Say in one list what is missing or wrong; values are not repeated, they may be secret."""
    lines = ["The environment of the portal is not complete:"]
    for problem in error.errors(include_input=False, include_url=False):
        name = PREFIX + str(problem["loc"][0] if problem["loc"] else "").upper()
        missing = problem["type"] == "missing"
        lines.append(f"  {name}: {'is missing' if missing else problem['msg']}")
    return "\n".join(lines)


def unknown_names() -> list[str]:
    """Names with the portal's prefix that mean nothing to it: most likely misspelled."""
    known = {PREFIX + name.upper() for name in Environment.model_fields}
    return sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX) and name not in known and not name.startswith(FOREIGN)
    )


def for_tests() -> Environment:
    """The environment of the tests: nothing of the developer's own, secrets that are none."""
    return Environment(
        _env_file=None,  # type: ignore[call-arg]
        home=Path(_folder_of_tests().name),
        secret_key=SecretStr("test-" * 10),
        key_pepper=SecretStr("pepper-" * 6),
        key_encryption_keys=SecretStr(f"1:{base64.b64encode(b'k' * 32).decode()}"),
        database_url=SecretStr(os.environ.get("PORTAL_TEST_DATABASE_URL", "")),
        log_level="WARNING",
    )


def secret(name: str) -> str | None:
    """A secret that an operator put into the environment for `apply`; other names are not read."""
    return os.environ.get(name) if name.startswith(FOREIGN[0]) else None


@cache
def _folder_of_tests() -> tempfile.TemporaryDirectory[str]:
    # One for each process, removed at its end: several test runs may share this tree.
    return tempfile.TemporaryDirectory(prefix="portal-test-")


def child_environment(**values: object) -> dict[str, str]:
    """The environment for a process of the portal's own, with settings of it changed."""
    return dict(os.environ) | {PREFIX + name.upper(): str(value) for name, value in values.items()}
