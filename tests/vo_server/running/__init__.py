"""The processes of one server, and what they tell of themselves: logs and traces."""
