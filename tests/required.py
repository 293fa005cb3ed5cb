"""Programs that some tests need: a machine may lack them, but not the one of `.ci/run`."""

import os
from typing import NoReturn

import pytest


def skip_unless_required(missing: str) -> NoReturn:
    """Skip a test that needs what is missing; fail it where MANYHANDS_TEST_SERVERS says so."""
    if os.environ.get("MANYHANDS_TEST_SERVERS") == "required":
        pytest.fail(f"{missing}, and MANYHANDS_TEST_SERVERS says that it has to be")
    pytest.skip(missing)
