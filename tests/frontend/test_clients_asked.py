"""The MCP SDK's own client answers asks over each legacy edge, and resumes."""

from __future__ import annotations
