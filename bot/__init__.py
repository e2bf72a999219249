"""The citizen assistant of the Hérault."""
