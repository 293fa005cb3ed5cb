"""Tests of the gate's checks, each with what breaks it."""
