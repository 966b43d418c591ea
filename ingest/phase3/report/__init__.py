"""What a validation found: values, and as text, JSON and HTML."""

from ingest.phase3.report.values import Checked, Report

__all__ = ["Checked", "Report"]
