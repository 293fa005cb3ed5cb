"""Tests of the royalties' arithmetic."""
