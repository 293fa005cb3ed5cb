"""Lets `python -m pipelines.cli` stand for `manyhands`."""

import sys

from manyhands import main

sys.exit(main())
