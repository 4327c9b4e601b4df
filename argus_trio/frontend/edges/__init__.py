"""The edges: what an MCP message means on each transport, in each era.

    endpoint                  `/mcp`: reads the request, finds out its era, hands it on
    streamable_http_modern    2026-07-28: a POST is a call, and there are no sessions
    subscriptions_listen      2026-07-28: the long answer of `subscriptions/listen`
    streamable_http_legacy    2025-03-26 to 2025-11-25: POST, GET and DELETE of a session
    http_sse                  2024-11-05: `/sse` and `/messages`
    large_answers             what is accounted while it is written

An edge reads a message and checks its headers, those that a tool's schema asks for too. It has the call served by the
gateway's handler, and writes the answer. What a legacy message means is in `sessions/`, for both legacy edges alike;
calls that ask their modern client are in `input_required/`. What decides about a call itself (limits, policies,
routing) is behind the gateway and not here.
"""
