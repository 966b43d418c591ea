"""The pages for people: what the archive holds and how to ask it."""
