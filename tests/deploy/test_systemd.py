"""The units of deploy/systemd/: systemd takes them, and what they say fits the program."""

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
import typer

from pipelines import errors
from pipelines.cli.app import app
from pipelines.cli.health import LONGEST_TURN_S
from pipelines.cli.settings import name_settings
from tests.cli.processes import MANYHANDS

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
ENVIRONMENT = UNITS / "manyhands.env"
INSTALLED = "/usr/local/bin/manyhands"
HARDENED = {
    "CapabilityBoundingSet": "",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectHome": "yes",
    "ProtectSystem": "strict",
    "StateDirectory": "manyhands",
    "SystemCallFilter": "@system-service",
    "User": "manyhands",
}
"""What a service can write is its state and its temporary files; it is nobody else's user."""

services = pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
with_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def unit(path: Path) -> RawConfigParser:
    """Read a unit, whose keys stand once each."""
    parser = RawConfigParser(strict=True, interpolation=None)
    vars(parser)["optionxform"] = str
    parser.read(path)
    return parser


def verify(folder: Path) -> tuple[int, str]:
    """Let systemd look at the units in a folder; return its exit code and what it says."""
    units = [str(path) for path in sorted(folder.iterdir()) if path.suffix != ".env"]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],  # noqa: S607  wherever it is
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Copy the units, with the command where it is here."""
    shutil.copytree(UNITS, tmp_path / "units")
    for path in (tmp_path / "units").glob("*.service"):
        path.write_text(path.read_text().replace(INSTALLED, MANYHANDS))
    return tmp_path / "units"


@with_systemd
def test_systemd_takes_the_units(units: Path) -> None:
    """It has nothing to say of them, not even a warning."""
    assert (0, "") == verify(units)


@with_systemd
def test_systemd_says_what_is_misspelt(units: Path) -> None:
    """So the test before would see a key that systemd doesn't know."""
    path = units / "manyhands-close.service"
    path.write_text(path.read_text().replace("ProtectHome", "ProtectHouse"))

    assert "ProtectHouse" in verify(units)[1]


@services
def test_a_service_can_write_its_state_alone(path: Path) -> None:
    """It has a user of its own and no privilege, and sees the system read-only."""
    service = unit(path)["Service"]

    assert HARDENED == {name: service.get(name) for name in HARDENED}


@services
def test_a_service_runs_a_command_that_is_there(path: Path) -> None:
    """Its first word is the program, the second one of its commands."""
    program, command, *_ = unit(path)["Service"]["ExecStart"].split()
    commands: Any = typer.main.get_command(app)

    assert INSTALLED == program
    assert command in commands.commands


@services
def test_what_a_service_takes_from_its_environment_is_named_there(path: Path) -> None:
    """Each variable of its command line is in the file that it reads."""
    named = re.findall(r"^#?(\w+)=", ENVIRONMENT.read_text(), re.MULTILINE)
    used = re.findall(r"\$\{?(\w+)", unit(path)["Service"]["ExecStart"])

    assert f"/etc/manyhands/{ENVIRONMENT.name}" == unit(path)["Service"]["EnvironmentFile"]
    assert set() == set(used) - set(named)


def test_a_setting_in_the_environment_is_one_of_the_commands() -> None:
    """A name that is misspelt would be no setting, and nobody would say so."""
    commands: Any = typer.main.get_command(app)
    name_settings(commands)
    known = {
        parameter.envvar for command in commands.commands.values() for parameter in command.params
    }
    named = re.findall(r"^#?(MANYHANDS_\w+)=", ENVIRONMENT.read_text(), re.MULTILINE)

    named_here = {"LOG_FORMAT", "METRICS_PORT", "PUBLISH_TO", "WAREHOUSE"}
    assert {f"MANYHANDS_{name}" for name in named_here} == set(named)
    assert set() == set(named) - known


def test_a_close_is_run_again_where_the_exit_code_says_so() -> None:
    """75 alone, later; every other error stays until somebody looks, and it ends in time."""
    service = unit(UNITS / "manyhands-close.service")["Service"]
    codes = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.ManyhandsError)
    }

    assert ("oneshot", "on-failure") == (service["Type"], service["Restart"])
    assert codes - {75} == {int(code) for code in service["RestartPreventExitStatus"].split()}


def test_a_close_that_was_missed_is_made_up_for() -> None:
    """The timer starts the service of its name, also after a time when the machine was off."""
    timer = unit(UNITS / "manyhands-close.timer")["Timer"]

    assert "true" == timer["Persistent"]
    assert timer["OnCalendar"].endswith("UTC")


def test_an_ingest_has_time_to_end_and_a_watchdog() -> None:
    """It says itself that it is ready, and has more than 20 seconds for what is under way."""
    service = unit(UNITS / "manyhands-ingest.service")["Service"]

    assert ("notify", "main") == (service["Type"], service["NotifyAccess"])
    assert int(service["TimeoutStopSec"]) > 20


def test_a_long_commit_is_no_reason_to_kill_an_ingest() -> None:
    """The watchdog waits as long as /livez does."""
    service = unit(UNITS / "manyhands-ingest.service")["Service"]

    assert ("1h", 3_600.0) == (service["WatchdogSec"], LONGEST_TURN_S)
