"""Tests of TAP."""
