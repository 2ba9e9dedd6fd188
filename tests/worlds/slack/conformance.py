"""A mark for tests that need the published descriptions."""

from __future__ import annotations

import pytest

from tests.worlds.slack.validation.reference import Reference

needs_data = pytest.mark.skipif(not Reference().present, reason="the conformance data is absent")
"""Marks what only the published descriptions can decide."""
