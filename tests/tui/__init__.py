"""Tests of the dashboard: messages to values as tables, screens as text, and the whole in a real terminal."""
