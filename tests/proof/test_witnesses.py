"""Witnesses cosign checkpoints; one that is down, slow or refuses never stops a close."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.outputs import witnesses
from pipelines.proof import witnessing
from tests.conftest import Outcome, run
from tests.lake.sending import rows
from tests.proof.conftest import CHECKPOINTS, NEXT, Log
from tests.proof.test_checkpoints import edit, found, kept, rewrite
from tests.proof.witness import NAME, Witness, running

PROVEN = "2026-10/ana"
STORED = "SELECT period, url, name, line, verifier_key, cosigned_at FROM cosignature ORDER BY ALL"
BROKEN = [
    (500, "text/plain", b""),
    (301, "text/plain", b""),
    (403, "text/plain", b""),
    (404, "text/plain", b""),
    (409, "text/plain", b"7\n"),
    (409, "text/x.tlog.size", b"-7\n"),
    (409, "text/x.tlog.size", b"7\n"),
    (409, "text/x.tlog.size", b"99999\n"),
    (422, "text/plain", b"no"),
    (200, "text/plain", b""),
    (200, "text/plain", b"x"),
    (200, "text/plain", b"\xff\n"),
    (200, "text/plain", "— w AAAA\n".encode()),
    (200, "text/plain", b"x" * 100_000),
]


@pytest.fixture
def witness() -> Iterator[Witness]:
    """Run a witness."""
    with running() as witness:
        yield witness


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for half a second only."""
    monkeypatch.setattr(witnessing, "ask_all", lambda asked, _: witnesses.ask_all(asked, 0.5))


def _close(log: Log, period: str, *words: str) -> Outcome:
    year, month = map(int, period.split("-"))
    after = f"--as-of={year + month // 12}-{month % 12 + 1:02}-02T00:00:00Z"
    return run(["close", log.on, f"--period={period}", after, f"--signing-key={log.key}", *words])


def test_a_close_is_cosigned_and_later_proofs_say_so(
    log: Log, witness: Witness, tmp_path: Path
) -> None:
    """By whom and when; the proof that the tree continues goes along from the second on."""
    named = f"--witnesses={witness.url}#{witness.key}"
    for period in NEXT[1:]:
        closed = _close(log, period, named, "--json")
        assert 0 == closed.code, closed.stderr
        assert ["cosigned"] == [one["outcome"] for one in closed.json["witnesses"]]
    stem = tmp_path / "2026-10-ana"
    assert 0 == run(["statements", "proof", PROVEN, f"--out={tmp_path}", log.on]).code
    words = ["verify", f"--proof={stem}.tlog-proof", f"--statement={stem}.json", "--json"]
    checked = run([*words, f"--key={log.verifier_key}", f"--key={witness.key}"])

    assert [f"old {size}" for size in (0, 15)] == [
        body.decode().split("\n")[0] for body in witness.received
    ]
    assert [*NEXT[1:]] == [period for period, *_ in rows(log.folder, STORED)]
    assert [{"name": NAME, "cosigned_at": "2027-01-15T08:00:00Z"}] == checked.json["cosigned_by"]
    assert [] == found(log.folder)
    assert witness.cosigned("").startswith(f"— {NAME} ".encode())
    shown = run(["checkpoint", "show", log.on]).stdout
    assert [NAME] == [line.split(" ")[1] for line in shown.splitlines() if line.startswith("— w")]


def test_a_witness_that_did_not_cosign_is_missed(
    log: Log, witness: Witness, tmp_path: Path
) -> None:
    """Where its key is named, a proof without it isn't enough."""
    assert 0 == run(["statements", "proof", PROVEN, f"--out={tmp_path}", log.on]).code
    stem = tmp_path / "2026-10-ana"
    words = ["verify", f"--proof={stem}.tlog-proof", f"--statement={stem}.json"]
    refused = run([*words, f"--key={log.verifier_key}", f"--key={witness.key}"])

    assert (4, "") == (refused.code, refused.stdout)
    assert f"isn't cosigned by {NAME}" in refused.stderr
    assert 2 == run([*words, f"--key={witness.key}"]).code


def test_a_witness_says_itself_what_it_saw_last(log: Log, witness: Witness) -> None:
    """Here nothing is stored of it any more, as after a rebuild of long ago."""
    assert 0 == run(["checkpoint", "witness", witness.url, log.on]).code
    log.close(NEXT[1])
    edit(log.folder, "DELETE FROM warehouse.cosignature")
    asked = run(["checkpoint", "witness", witness.url, log.on, "--json"])

    assert 0 == asked.code, asked.stderr
    assert ["old 0", "old 0", "old 14"] == [
        body.decode().split("\n")[0] for body in witness.received
    ]
    assert [(NEXT[1], NAME, None)] == [
        (period, name, key) for period, _, name, _, key, _ in rows(log.folder, STORED)
    ]


def test_what_is_cosigned_is_not_asked_for_again(log: Log, witness: Witness) -> None:
    """One signature of a checkpoint is enough."""
    words = ["checkpoint", "witness", witness.url, log.on, "--json"]
    first, second = run(words), run(words)

    assert [[("cosigned", 0)], [("already", 0)]] == [
        [(one["outcome"], done.code) for one in done.json["witnesses"]] for done in (first, second)
    ]
    assert (1, 1) == (len(witness.received), len(rows(log.folder, STORED)))


@pytest.mark.parametrize("answer", BROKEN, ids=[f"{a} {b} {c[:9]!r}" for a, b, c in BROKEN])
def test_a_witness_that_refuses_stops_nothing(
    answer: tuple[int, str, bytes], log: Log, witness: Witness
) -> None:
    """It is a warning; nothing is kept, and it isn't asked for ever."""
    witness.answer = answer
    words = ["checkpoint", "witness", f"{witness.url}#{witness.key}", log.on]
    refused = run(words)

    assert 1 == refused.code
    assert "failed" in refused.stdout
    assert len(witness.received) <= 2
    assert [] == rows(log.folder, STORED)


@pytest.mark.thorough
@pytest.mark.usefixtures("impatient")
def test_a_witness_that_is_down_or_slow_never_stops_a_close(log: Log, witness: Witness) -> None:
    """The close is issued, each is a warning, and the next close asks again."""
    with running() as gone:
        pass
    witness.drips = True
    begun = time.monotonic()
    closed = _close(log, NEXT[1], f"--witnesses={gone.url},{witness.url}")
    took = time.monotonic() - begun

    assert 0 == closed.code, closed.stderr
    assert f"{NEXT[1]} closed" in closed.stdout
    for url in (gone.url, witness.url):
        assert f"warning: the witness {url} didn't cosign" in closed.stderr
    assert f"{gone.url} didn't cosign: it can't be asked: Connection refused;" in closed.stderr
    assert f"{witness.url} didn't cosign: no answer within 0.5 seconds;" in closed.stderr
    assert took < 30
    witness.drips = False
    assert "cosigned" in _close(log, NEXT[2], f"--witnesses={witness.url}").stdout


@pytest.mark.thorough
def test_a_rewritten_tree_and_an_older_one_are_not_cosigned(
    log: Log, signed: Log, witness: Witness, tmp_path: Path
) -> None:
    """What it saw before, it holds against both."""
    log.close(NEXT[1])
    assert 0 == run(["checkpoint", "witness", witness.url, log.on]).code
    older = run(["checkpoint", "witness", witness.url, signed.copied(tmp_path / "old").on])
    log.close(NEXT[2])
    kept(log, tmp_path / "kept")
    rewrite(log)
    rewritten = run(["checkpoint", "witness", witness.url, log.on])

    assert (1, 1) == (older.code, rewritten.code)
    assert "was this warehouse put back to an earlier state?" in older.stdout
    assert "doesn't continue the one that it cosigned" in rewritten.stdout


def test_a_cosignature_by_another_key_is_not_kept(log: Log, witness: Witness) -> None:
    """Where the witness's key is named; where none is, what it says is kept as it is."""
    text = rows(log.folder, "SELECT checkpoint FROM period_close WHERE checkpoint IS NOT NULL")
    key = f"{witness.url}#{witness.key}"
    witness.answer = (200, "text/plain", witness.cosigned(f"{text}"))

    refused = run(["checkpoint", "witness", key, log.on])
    assert (1, []) == (refused.code, rows(log.folder, STORED))
    assert "doesn't fit" in refused.stdout
    assert 0 == run(["checkpoint", "witness", witness.url, log.on]).code


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://w.example",
        "w.example",
        "http://",
        "http://u:p@w.example",
        "http://w.example/?a=1",
        "http://w.example:x",
        "http://w.example/a b",
        "http://w.example#x",
        "http://w.example#",
    ],
)
def test_what_is_no_witness_is_a_usage_error(url: str, signed: Log) -> None:
    """Before anything is asked or closed; a password isn't shown."""
    for words in (["checkpoint", "witness", url], ["close", "--due", f"--witnesses={url}"]):
        refused = run([*words, signed.on])
        assert (2, "") == (refused.code, refused.stdout)
        assert "u:p" not in refused.stderr


def test_the_key_of_a_log_is_no_witnesses(signed: Log) -> None:
    """It would cosign nothing."""
    url = f"http://127.0.0.1:9#{signed.verifier_key}"
    assert 2 == run(["checkpoint", "witness", url, signed.on]).code
    assert 2 == run(["checkpoint", "witness", signed.on]).code


def test_nothing_is_asked_before_a_close_is_signed(unsigned: Log, witness: Witness) -> None:
    """There is nothing to cosign."""
    assert 3 == run(["checkpoint", "witness", witness.url, unsigned.on]).code
    assert [] == witness.received


def test_witnesses_can_be_set_in_the_file(
    log: Log, witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a list, and the key beside them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manyhands.toml").write_text(
        f'signing-key = "{log.key}"\nwitnesses = ["{witness.url}#{witness.key}"]\n'
    )
    words = ["close", log.on, f"--period={NEXT[1]}", "--as-of=2027-02-02T00:00:00Z"]
    assert 0 == run(words).code
    assert 0 == run(["checkpoint", "witness", log.on]).code

    ((period, *_, key, _),) = rows(log.folder, STORED)
    assert (NEXT[1], witness.key) == (period, key)


@pytest.mark.thorough
def test_checkpoints_and_cosignatures_go_along_when_a_warehouse_is_made_again(
    log: Log, witness: Witness, tmp_path: Path
) -> None:
    """The tree made again is the one that the checkpoints are of; no log has cosignatures."""
    log.close(NEXT[1])
    assert 0 == run(["checkpoint", "witness", f"{witness.url}#{witness.key}", log.on]).code
    done = run(["rebuild", log.on, f"--to={tmp_path / 'new'}"])

    assert 0 == done.code, done.stderr
    assert 2 == len(rows(log.folder, CHECKPOINTS))
    for query in (CHECKPOINTS, "FROM tree_node ORDER BY ALL"):
        assert rows(log.folder, query) == rows(tmp_path / "new", query)
    assert 1 == len(rows(log.folder, STORED))
    assert rows(log.folder, STORED) == rows(tmp_path / "new", STORED)
    assert [] == found(tmp_path / "new")
