"""Reads where a PostgreSQL catalog is: an address as libpq takes it, without any password.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

DEFAULT_SCHEMA = "manyhands"
MOST_OF_A_NAME = 48
"""Bytes of a schema's name: PostgreSQL keeps 63, and copies of it are named after it."""

_KIND = re.compile(r"(?:ducklake:)?postgres(?:ql)?:(.*)", re.DOTALL)
_KEYWORD = re.compile(r"\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*|))")
_SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret"})
_SHOWN = ("service", "host", "hostaddr", "port", "dbname")


class AddressError(ValueError):
    """An address that can't be read, or that has a password in it."""


@dataclass(frozen=True)
class Server:
    """A database of a PostgreSQL server, and the schema in it that has the catalog."""

    keywords: tuple[tuple[str, str], ...]
    """Keywords of libpq and their values, in their order; no password among them."""
    schema: str = DEFAULT_SCHEMA
    password_file: Path | None = None
    """A file that holds the password alone."""

    @property
    def name(self) -> str:
        """What the catalog is called in messages: its host, its database and its schema."""
        given = dict(self.keywords)
        shown = " ".join(f"{key}={_written(given[key])}" for key in _SHOWN if given.get(key))
        return f"postgres:{shown} (schema {self.schema})"

    def conninfo(self, more: Mapping[str, str] | None = None) -> str:
        """Return the connection string of libpq, with some keywords set or set anew."""
        keywords = dict(self.keywords) | dict(more or {})
        return " ".join(f"{key}={_written(value)}" for key, value in keywords.items())

    def get(self, keyword: str) -> str:
        """Return the value of a keyword; empty where the address has none."""
        return dict(self.keywords).get(keyword, "")


def is_postgres(named: str) -> bool:
    """Return whether a warehouse's name is the address of a PostgreSQL catalog."""
    return _KIND.fullmatch(named) is not None


def read(named: str, schema: str = DEFAULT_SCHEMA, password_file: Path | None = None) -> Server:
    """Return the server of an address: a URL, or `postgres:` and keywords.

    Raises AddressError, which repeats nothing of what may be a password.
    """
    matched = _KIND.fullmatch(named)
    if matched is None:
        message = "not a PostgreSQL address"
        raise AddressError(message)
    if named.encode(errors="replace").decode() != named:
        message = "the address isn't UTF-8; write it in UTF-8"
        raise AddressError(message)
    rest = matched[1]
    pairs = list(_of_url(rest[2:]) if rest.startswith("//") else _of_keywords(rest))
    keywords = tuple((key, value) for key, value in pairs if value)
    _refuse_secrets(keywords)
    _refuse_schema(schema)
    return replace(Server(keywords, schema), password_file=password_file)


def _refuse_secrets(keywords: tuple[tuple[str, str], ...]) -> None:
    for key, value in keywords:
        if key.lower() in _SECRETS or any(f"{secret}=" in value for secret in _SECRETS):
            message = (
                f"a password in the address ({key}) shows in the list of processes; take it out,"
                " and name a file with --password-file, or use PGPASSFILE or service="
            )
            raise AddressError(message)
        if "\0" in value:
            message = f"the value of {key} has a zero byte"
            raise AddressError(message)


def _refuse_schema(schema: str) -> None:
    if not schema or len(schema.encode()) > MOST_OF_A_NAME or not schema.isprintable():
        message = f"the schema has to be a name of 1 to {MOST_OF_A_NAME} bytes"
        raise AddressError(message)
    if schema.startswith("pg_") or schema == "information_schema":
        message = f"the schema {schema} is PostgreSQL's own; name another"
        raise AddressError(message)


def _of_keywords(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keywords of `host=… dbname='…'`."""
    position = 0
    while text[position:].strip():
        matched = _KEYWORD.match(text, position)
        if matched is None or (matched.end() < len(text) and not text[matched.end()].isspace()):
            message = (
                "its keywords can't be read; write postgres:host=… port=… dbname=… user=…, a value"
                " with a space in single quotes"
            )
            raise AddressError(message)
        key, in_quotes, bare = matched.groups()
        yield key, re.sub(r"\\(.)", r"\1", bare if in_quotes is None else in_quotes)
        position = matched.end()


def _of_url(rest: str) -> Iterator[tuple[str, str]]:
    """Yield the keywords that a URL stands for; `rest` is what follows `//`."""
    before, _, parameters = rest.partition("?")
    authority, _, database = before.partition("/")
    user_part, at, hosts_part = authority.rpartition("@")
    if at:
        user, _, password = user_part.partition(":")
        yield "user", _decoded(user)
        yield "password", password
    hosts, ports = zip(*map(_host_and_port, hosts_part.split(",")), strict=True)
    yield "host", ",".join(hosts) if any(hosts) else ""
    yield "port", ",".join(ports) if any(ports) else ""
    yield "dbname", _decoded(database)
    for parameter in filter(None, parameters.split("&")):
        key, _, value = parameter.partition("=")
        yield (
            ("sslmode", "require") if parameter == "ssl=true" else (_decoded(key), _decoded(value))
        )


def _host_and_port(text: str) -> tuple[str, str]:
    matched = re.fullmatch(r"(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?", text)
    if matched is None:
        message = "its host can't be read; write postgresql://user@host:port/database"
        raise AddressError(message)
    in_brackets, plain, port = matched.groups()
    return _decoded(plain if in_brackets is None else in_brackets), port or ""


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        message = "it isn't UTF-8"
        raise AddressError(message) from error


def _written(value: str) -> str:
    """Return a value as a connection string has it."""
    if re.fullmatch(r"[\w.,:/@%+-]+", value, re.ASCII):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
