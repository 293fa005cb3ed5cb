"""Measures what manyhands promises of speed and memory (SPEC §9): `python -m bench`."""
