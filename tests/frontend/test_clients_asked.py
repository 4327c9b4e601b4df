"""The MCP SDK's own client answers asks over each legacy edge, and resumes."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import msgspec
import pytest
import trio
from mcp.client.client import Client
from mcp.client.session import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import ClientMessageMetadata

from tests.frontend.asking import ASKS, Asker
from tests.frontend.serving import Served, serving
