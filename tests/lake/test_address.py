"""An address means to the program what it means to libpq, and never holds a password."""

from pathlib import Path

import pytest

from pipelines.lake.address import AddressError, is_postgres, read


@pytest.mark.parametrize(
    ("named", "keywords"),
    [
        ("postgres:", {}),
        ("postgres:host=db port=5433", {"host": "db", "port": "5433"}),
        ("postgres: host = db  user = 'o''' ", None),
        (r"postgres:dbname='it\'s mine' user=a\ b", {"dbname": "it's mine", "user": "a b"}),
        ("postgres:options='-c x=1'", {"options": "-c x=1"}),
        ("postgres:user=''", {}),
        ("ducklake:postgres:dbname=x", {"dbname": "x"}),
        ("postgresql://", {}),
        ("postgres://db", {"host": "db"}),
        (
            "postgresql://ana@db:5433/royal%20ties?sslmode=require&application_name=x",
            {
                "user": "ana",
                "host": "db",
                "port": "5433",
                "dbname": "royal ties",
                "sslmode": "require",
                "application_name": "x",
            },
        ),
        ("postgresql://[::1]:5433/x", {"host": "::1", "port": "5433", "dbname": "x"}),
        ("postgresql://a:1,b:2/x", {"host": "a,b", "port": "1,2", "dbname": "x"}),
        (
            "postgresql://%2Fvar%2Frun/x?ssl=true",
            {"host": "/var/run", "dbname": "x", "sslmode": "require"},
        ),
        ("postgresql:///x?host=/var/run", {"dbname": "x", "host": "/var/run"}),
        ("postgresql://ana:@db/x", {"user": "ana", "host": "db", "dbname": "x"}),
    ],
)
def test_keywords_are_read_as_libpq_reads_them(named: str, keywords: dict[str, str] | None) -> None:
    """URLs and keywords, quoted and not; None: it can't be read."""
    assert is_postgres(named)
    if keywords is None:
        with pytest.raises(AddressError):
            read(named)
        return
    server = read(named)
    assert keywords == dict(server.keywords)
    assert keywords == dict(read(f"postgres:{server.conninfo()}").keywords)


@pytest.mark.parametrize(
    "named",
    [
        "postgres:password=sesame",
        "postgres:dbname=x  password = 'sesame'",
        "postgres:sslpassword=sesame",
        "postgres:dbname='host=x password=sesame'",
        "postgresql://ana:sesame@db/x",
        "postgresql://ana:ses@me@db/x",
        "postgresql://db/x?user=ana&password=sesame",
        "postgresql://db/x?pass%77ord=sesame",
    ],
)
def test_a_password_is_refused_and_not_repeated(named: str) -> None:
    """The error names the ways that don't show it."""
    with pytest.raises(AddressError, match=r"--password-file.*PGPASSFILE.*service=") as refused:
        read(named)
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("schema", ["", "pg_mine", "information_schema", "x" * 49, "a\nb"])
def test_a_schema_that_cannot_be_ours_is_refused(schema: str) -> None:
    """It would be cut, or is PostgreSQL's own."""
    with pytest.raises(AddressError, match="schema"):
        read("postgres:", schema)


def test_folders_are_no_addresses() -> None:
    """Only what begins as an address does."""
    assert [False, False, False, True] == [
        is_postgres(named) for named in ("warehouse", "./postgres:x", "postgres", "postgres:x")
    ]


def test_what_is_shown_of_it_is_where_it_is() -> None:
    """Host, database and schema, without what a file name could tell."""
    server = read("postgres:host=db dbname=x user=ana passfile=/secret", "mine", Path("/a/b"))

    assert "postgres:host=db dbname=x (schema mine)" == server.name
