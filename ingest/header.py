"""What ingest reads of headers is in `vo_server.headers`, because delivery reads them too."""

from vo_server.headers.cards import BLOCK, Card, Fault, Value, parse_cards
from vo_server.headers.lines import CARD

__all__ = ["BLOCK", "CARD", "Card", "Fault", "Value", "parse_cards"]
