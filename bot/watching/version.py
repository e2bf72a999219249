"""Which version of the project this is: pyproject.toml's (a test compares), where that file is not, as in an image."""

VERSION = "0.1.0"
