"""What people tell of themselves that nobody here needs: taken out before it is kept or read."""

from bot.privacy.redaction import Kind, Redacted, redact

__all__ = ["Kind", "Redacted", "redact"]
