"""Communes and places of the Hérault."""
