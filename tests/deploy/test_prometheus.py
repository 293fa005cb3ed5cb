"""The rules of deploy/prometheus/ and the dashboard of deploy/grafana/: Prometheus takes them."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.promtool import promtool

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "manyhands.rules.yml"
TESTS = PROMETHEUS / "manyhands.test.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "manyhands.json"
NAME = re.compile(r"\bmanyhands_\w+")
ALERT = re.compile(r"- alert: (\w+)")


def dashboard() -> dict[str, Any]:
    """Read the dashboard."""
    read: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return read


def expressions() -> list[str]:
    """Return every expression of the dashboard, with what Grafana puts in its place."""
    asked = [
        target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])
    ]
    return [one.replace("$__rate_interval", "5m").replace("$instance", ".*") for one in asked]


def names_used() -> set[str]:
    """Return every metric of ours that a rule or the dashboard asks for."""
    return set(NAME.findall(" ".join([RULES.read_text(encoding="utf-8"), *expressions()])))


def test_prometheus_takes_the_rules() -> None:
    """Each is an expression that it can evaluate."""
    code, said = promtool("check", "rules", RULES.name, folder=PROMETHEUS)

    assert (0, True) == (code, "SUCCESS" in said), said


def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    """By series that promtool plays to them."""
    code, said = promtool("test", "rules", TESTS.name, folder=PROMETHEUS)

    assert (0, True) == (code, "SUCCESS" in said), said


def test_an_alert_that_fires_wrongly_would_be_seen(tmp_path: Path) -> None:
    """So the test before would see a threshold that is another."""
    shutil.copytree(PROMETHEUS, tmp_path / "prometheus")
    rules = tmp_path / "prometheus" / RULES.name
    rules.write_text(rules.read_text().replace("> 93600", "> 3600"))

    code, said = promtool("test", "rules", TESTS.name, folder=rules.parent)

    assert (1, True) == (code, "ManyhandsCloseOverdue" in said)


def test_prometheus_takes_what_the_dashboard_asks(tmp_path: Path) -> None:
    """Each expression, as the rule of a file."""
    rules = [{"record": f"panel:{i}", "expr": one} for i, one in enumerate(expressions())]
    (tmp_path / "panels.json").write_text(json.dumps({"groups": [{"name": "a", "rules": rules}]}))

    code, said = promtool("check", "rules", "panels.json", folder=tmp_path)

    assert (0, True) == (code, f"SUCCESS: {len(rules)} rules found" in said), said


def test_every_alert_is_tested() -> None:
    """Each has series by which it fires, and series by which it doesn't."""
    tested = TESTS.read_text(encoding="utf-8")
    for alert in ALERT.findall(RULES.read_text(encoding="utf-8")):
        fires = re.compile(rf"alertname: {alert}\n\s+exp_alerts:\n")
        silent = re.compile(rf"alertname: {alert}(, |\n\s+)exp_alerts: \[\]")

        assert fires.search(tested), alert
        assert silent.search(tested), alert


def test_every_alert_has_what_to_do_in_the_pages() -> None:
    """docs/operating.md has a row for each, and none for another; the alert names it."""
    rules = RULES.read_text(encoding="utf-8")
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    alerts = ALERT.findall(rules)

    assert alerts == re.findall(r"^\| `(Manyhands\w+)` \|", page, re.MULTILINE)
    assert alerts == re.findall(r"runbook: docs/operating.md, (\w+)", rules)


def test_every_metric_is_in_the_pages() -> None:
    """docs/operating.md says what each one that is asked for means."""
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    bare = {re.sub("_(bucket|sum|count)$", "", name) for name in names_used()}

    assert [] == [
        name for name in sorted(bare) if f"`{name.removeprefix('manyhands_')}" not in page
    ]


def test_the_panels_of_the_dashboard_stand_apart() -> None:
    """Each has a number of its own and a place of its own, and asks the source that is chosen."""
    panels = dashboard()["panels"]
    places = [tuple(panel["gridPos"].values()) for panel in panels]
    sources = {panel["datasource"]["uid"] for panel in panels if panel["type"] != "row"}

    assert len(panels) == len({panel["id"] for panel in panels}) == len(set(places))
    assert {"${datasource}"} == sources


@pytest.mark.parametrize("name", ["manyhands.rules.yml", "manyhands.test.yml"])
def test_what_is_deployed_names_no_machine(name: str) -> None:
    """No address and no folder of one machine is in it."""
    assert not re.search(
        r"/(home|work|Users)/|localhost|127\.0\.0\.1", (PROMETHEUS / name).read_text()
    )
