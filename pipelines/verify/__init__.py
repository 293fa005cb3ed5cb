"""Verifies a warehouse: the log against what was received, all else against the log (SPEC §8)."""
