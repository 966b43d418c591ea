"""The XML schemas of the standards, which the server has for itself: is an answer valid?"""

from health.xsd import schema, validate

__all__ = ["schema", "validate"]
