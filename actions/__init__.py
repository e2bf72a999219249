"""Custom actions: what Rasa asks the action server to decide."""
