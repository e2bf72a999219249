"""Tests of the importers, one published format at a time."""
