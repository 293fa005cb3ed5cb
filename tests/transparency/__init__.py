"""Tests of the formats of a transparency log."""
