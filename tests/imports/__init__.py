"""Tests of the imports, from a file or an address to the directory in use."""
