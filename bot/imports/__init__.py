"""Keeping the directory fresh: which sources, having their files, putting them in its place safely."""
