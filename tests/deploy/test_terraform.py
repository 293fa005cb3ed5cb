"""deploy/terraform/: what it makes, as far as that can be seen without a cloud."""

from pathlib import Path
from typing import Any

import hcl2

MAIN = Path(__file__).parents[2] / "deploy" / "terraform" / "main.tf"


def _parsed() -> dict[str, Any]:
    with MAIN.open(encoding="utf-8") as file:
        parsed: dict[str, Any] = hcl2.load(file)
    return parsed


def _plain(value: Any) -> Any:  # noqa: ANN401  what the parser gives
    """Return a text without the quotes that the parser leaves around it."""
    return value.strip('"') if isinstance(value, str) else value


def _resources(kind: str) -> dict[str, dict[str, Any]]:
    return {
        _plain(name): body
        for block in _parsed()["resource"]
        for found, named in block.items()
        if _plain(found) == kind
        for name, body in named.items()
    }


def test_the_subscription_keeps_what_a_restore_needs() -> None:
    """Acknowledged messages for a week; a hundred attempts before one is given up; it stays."""
    events = _resources("google_pubsub_subscription")["events"]
    (policy,), (expires,) = events["dead_letter_policy"], events["expiration_policy"]
    (default,) = [
        body["default"]
        for block in _parsed()["variable"]
        for name, body in block.items()
        if _plain(name) == "max_delivery_attempts"
    ]

    assert events["retain_acked_messages"] is True
    assert "local.week" in events["message_retention_duration"]
    assert "var.max_delivery_attempts" in policy["max_delivery_attempts"]
    assert "dead_events" in policy["dead_letter_topic"]
    assert 100 == default
    assert "" == _plain(expires["ttl"])


def test_nobody_has_more_rights_than_it_needs() -> None:
    """Rights are on single topics and subscriptions, and are those that the program names."""
    parsed = str(_parsed()["resource"])
    roles = {
        _plain(body["role"])
        for kind in ("google_pubsub_topic_iam_member", "google_pubsub_subscription_iam_member")
        for body in _resources(kind).values()
    }

    assert {"kubernetes"} == {*_resources("google_service_account_iam_member")}
    assert {"roles/pubsub.subscriber", "roles/pubsub.publisher", "roles/pubsub.viewer"} == roles
    assert "google_project_iam" not in parsed
    assert {"gives_up", "producers", "close", "looks"} == {
        *_resources("google_pubsub_topic_iam_member")
    }
    assert {"takes_away", "ingest", "looks"} == {
        *_resources("google_pubsub_subscription_iam_member")
    }
