"""`make run`: what it starts, keeps running and stops."""
