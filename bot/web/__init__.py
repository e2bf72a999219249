"""The website: the chat API, the pages, and what protects them."""
