"""SMS: the text that fits, the inbox and the outbox, and who carries them."""
