"""The server beside GAVO DaCHS: same machine, same data, same run, every answer checked."""
