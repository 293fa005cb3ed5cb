"""Lets `python -m pipelines.cli` stand for `manyhands`."""

import sys

from pipelines.cli.entry import main

sys.exit(main())
