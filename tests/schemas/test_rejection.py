"""What a dead letter keeps (SPEC §3.4)."""

from datetime import datetime
from hashlib import sha256

from schemas.record import Received, Rejected
from schemas.rejection import KEPT_BYTES, Reason, Rejection

NOW = datetime(2026, 12, 1)  # noqa: DTZ001 - UTC, naive


def _keep(received: Received) -> Rejection:
    rejected = Rejected(received, "too_large", "", "too large", "manyhands/0.1.0 decode")
    return Rejection.of(rejected, NOW)


def test_a_small_payload_is_kept_whole() -> None:
    """Up to 64 KiB are kept as received, with size and digest."""
    body = b"\xff" * KEPT_BYTES

    kept = _keep(Received(0, "f", "1", body))

    assert (body, KEPT_BYTES) == (kept.payload, kept.payload_size)
    assert sha256(body).hexdigest() == kept.payload_sha256


def test_of_a_large_payload_its_beginning_is_kept() -> None:
    """Above 64 KiB the first 64 KiB are kept, and the size and digest of all of it."""
    body = b"a" * KEPT_BYTES + b"b"

    kept = _keep(Received(0, "f", "1", body))

    assert (body[:KEPT_BYTES], len(body)) == (kept.payload, kept.payload_size)
    assert sha256(body).hexdigest() == kept.payload_sha256


def test_a_payload_cut_short_by_its_reader_keeps_its_true_size() -> None:
    """Where the reader kept only the beginning, it says the size and digest of all."""
    kept = _keep(Received(0, "f", "1", b"a", size=10_000_000, sha256="0" * 64))

    assert (10_000_000, "0" * 64) == (kept.payload_size, kept.payload_sha256)


def test_a_rejection_reads_back_from_its_json() -> None:
    """Bytes that are no text survive JSON, as base64."""
    kept = _keep(Received(0, "f", "1", b"\xff\x00", {"ce-id": "e1"}))

    assert kept == Rejection.model_validate_json(kept.model_dump_json())


def test_reasons_stand_in_the_order_of_the_table() -> None:
    """Where several apply, the first counts; so their order is the table's."""
    expected = (
        "too_large too_deep not_json not_an_event unknown_type unknown_schema invalid_data "
        "source_not_allowed time_in_future authorship_not_attributable id_conflict "
        "manifest_unavailable manifest_mismatch"
    )
    assert expected.split() == list(Reason)
