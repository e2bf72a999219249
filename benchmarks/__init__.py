"""Measures: how well it understands, how fast it answers."""
