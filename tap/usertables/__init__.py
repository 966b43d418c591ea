"""Tables that users keep on the server (TAP 1.2 draft, user tables; the verbs that pyvo speaks)."""
