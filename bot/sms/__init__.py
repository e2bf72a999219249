"""SMS: the text that fits, and (later) the inbox and the outbox."""
