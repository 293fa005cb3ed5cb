"""Tests of the warehouse and its log."""
