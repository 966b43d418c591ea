"""Tables that come with a query."""
