"""What is done about peers that stray from the specification, for docs/compatibility.md; each row has its tests."""

from __future__ import annotations

SERVERS: dict[str, tuple[tuple[str, str], ...]] = {
    "Sessions and greeting": (
        (
            "forgets a session and says so with 404, 410, 400, 401, 422, or in an SDK's own words",
            "greets it anew, once within `restart.stable_after`; makes the call again where it provably did not run",
        ),
        (
            "answers calls with an error that speaks of sessions or initialization",
            "asks a plain question of its own; greets anew if that is refused too, else passes the error on unchanged",
        ),
        ("is started anew behind the same pipes, or behind a proxy's open stream", "greets it anew"),
        ("answers `ping` with HTTP 400", "asks it for a list from then on"),
        (
            "answers 429 or 503 with `Retry-After`",
            "leaves it alone for as long (an hour at most), and tells the client `data.retryAfter`",
        ),
        (
            "gives a session id with the answer to `server/discover`, or opens its session with that question",
            "does not send it on; begins with `initialize` at the next start",
        ),
        ("refuses our version and names its own", "asks again with the newest legacy one that both speak"),
        (
            "becomes a server of the other era, behind a living connection too",
            "greets it anew, makes the refused call again",
        ),
        (
            "never answers `server/discover`, or dies of it",
            "finds that out once for each command or URL, and keeps it over reloads",
        ),
        ("pings during `initialize`", "answers at once"),
        ("sends another request during `initialize`", "holds it; refuses it after 2 s if the handshake still waits"),
        ("HTTP+SSE: says something before `endpoint`", "keeps it, up to 64 events"),
        (
            "installs itself when it has to be ended (`npx`)",
            "TERM, up to 3.3 s to take back what is half done, then KILL, told as `backend_start_cut_off`",
        ),
        (
            "starts from a half-installed package (`Cannot find module .../_npx/...`, `ENOTEMPTY`, uv's cache errors)",
            "names the folder or the command that mends it; deletes nothing",
        ),
    ),
    "HTTP": (
        (
            "redirects within its origin (`/mcp` to `/mcp/`): 307 and 308, or 301, 302 and 303 to a GET",
            "follows, 5 at most; remembers a permanent one while the connection lasts",
        ),
        (
            "redirects to another origin, or answers a POST with 301, 302 or 303",
            "refuses, and names the whole target without the values of its query, and what to write as `url`",
        ),
        (
            "compresses its answer or event stream unasked",
            "reads gzip and deflate, events as they come, bounded by what is decoded; names any other coding",
        ),
        ("says `Content-Encoding: gzip` and sends something else", "fails that request at once and says so"),
        (
            "sets cookies",
            "sends them back on that connection, by Path, Domain, Secure and expiry; 50 of 4096 bytes, 8192 in all",
        ),
        ("a proxy answers 407", "names the proxy, and what to set"),
        ("sends something behind an answer", "closes that connection"),
        (
            "answers HTTP 200 or 202 with a page, or with nothing",
            "fails the call at once; the same answer to probes counts as unanswered",
        ),
        (
            "answers the first request with 404 or 405, as one at another path or of the other HTTP transport does",
            "names the path and the `type` to try",
        ),
    ),
    "Messages": (
        (
            "sends a message larger than `limits.message`",
            "passes it over; its call fails with the size and the key; all else goes on",
        ),
        ("answers with NaN, Infinity or broken JSON", "fails the call at once with the reason"),
        ("writes two messages in one line or event", "reads all; `backend_message_odd` once"),
        ("glues a log line to an answer", "reads the answer; requests and notifications amid text stay noise"),
        (
            "sends an error with `id: null`, or none",
            "takes it for that of the only call under way, unless it can be about a notification",
        ),
        ("`error: null` beside a result, `result: null` beside an error", "counts null as absent"),
        ('returns ids as `"4"` or `4.0`', "takes them for 4"),
        ("puts a byte order mark before JSON, or half an emoji into a text", "leaves it out; U+FFFD"),
        ("sends an error without a code or message, or no object", "-31014, with its words in `data.reason`"),
        ("answers a POST with an error for another id", "-31014, with both ids and its words"),
        ("sends requests and reads no answers", "answers 256 at a time, drops and counts the rest, says so once"),
        (
            "floods a client that reads slowly",
            "keeps the newest 1 MiB (4096 messages) in order, drops and counts the oldest, says how many",
        ),
    ),
    "Lists": (
        (
            "a list fails: HTTP 503 or 429, an error, a closed connection, a time-out",
            "asks again with backoff, or after `Retry-After`; keeps the pages that came and the list from before; "
            "degraded meanwhile",
        ),
        ("answers a list with -32601", "takes it as the answer: there is no such list"),
        ("declares no capabilities at all", "asks for tools, prompts and resources once, and shows what comes"),
        (
            "says nothing when its lists change, or has no stream to say it on",
            "looks again every `health.relist` seconds, and at every reload that is asked for",
        ),
        ("says that a list has changed, and it has not", "tells clients; only once where it is said without end"),
        (
            'answers a call of a tool that it listed with "unknown tool", in any SDK\'s words',
            "passes the answer on and lists again, ever later if nothing changed",
        ),
        (
            "an entry with `null` for absent, `[]` for `{}`, no or an empty `inputSchema`, a resource without a name",
            "mends it, and says so",
        ),
        (
            "an entry without a name, with a schema that is no object's, a URI without a scheme",
            "leaves it out, and says so",
        ),
        ("lists two different entries with one name", "shows the last one, reports the other"),
        ("an optional member of an entry that cannot be read", "leaves out that member, and says so"),
        (
            "a modern tool with an `outputSchema` that is no object's",
            "modern clients see it as it is, legacy ones without that schema",
        ),
    ),
    "Resources": (
        (
            "spells a URI otherwise than the client (percent-encoding, capitals, punycode, default port, dot segments)",
            "takes both for one resource; asks the backend in its own spelling, tells the client in the client's",
        ),
        ("gives out a URI that it does not list", "remembers who gave it out and asks there"),
        (
            "nobody lists what a client asks for",
            "asks those that list others of its scheme and authority, else all, in order, eight at most, until one "
            'does not say "not found"',
        ),
        ('says "not found" with -32602, -32601, or in words alone (code 0, -32603)', "takes it for that"),
        ("lets clients subscribe to anything", "where several come into question, reads first"),
        (
            "does not acknowledge `subscriptions/listen` within 10 s",
            "does not honour its resources; its stream stays open for lists",
        ),
        ("acknowledges without saying what it agrees to", "takes it for all that was asked"),
    ),
}
"""What a server does, and what the gateway does then, by what it is about."""

CLIENTS: tuple[tuple[str, str], ...] = (
    (
        'writes null for absent, or `cursor: ""`',
        "counts it as absent; of methods that no specification knows, null stays null",
    ),
    ("sends `id: null` with a notification", "takes it as a notification; a request with it is refused"),
    (
        "sends a byte order mark, or half an emoji (`\\ud83d`)",
        "leaves the mark out; the half arrives as U+FFFD; bytes that are not UTF-8 are refused",
    ),
    ("accepts `text/event-stream` alone", "answers with an event stream; refusals are JSON with their status"),
    ("sends no `Accept`", "answers with JSON, and a GET with its stream"),
    ("names another revision than agreed", "takes it if it is spoken here; the agreed one holds"),
    ("compresses its request", "415 with `Accept-Encoding: identity`"),
    ("sends a target in absolute form", "serves it; its authority replaces Host"),
    ("sends blank lines between requests", "ignores them"),
    (
        "resolves the endpoint of `/sse` against its host (Java)",
        "tells it the absolute path, by its User-Agent; all others a relative one, for proxies with a path prefix",
    ),
    ("sends a request that cannot be understood", "refuses it under its own id; `params: []` counts as `{}`"),
    ("a probe of health or ready names any Host, or none", "answers it; a foreign Origin it does not"),
)
"""The same for clients."""


def section() -> str:
    """The part of the page that says all this."""
    parts = [
        "## Peers that stray from the specification\n\n"
        "Where a direct client copes with a server, or a server with a client, the gateway does."
    ]
    parts += [f"### {title}\n\n{_rows('what the server does', rows)}" for title, rows in SERVERS.items()]
    parts.append(f"### Clients\n\n{_rows('what the client does', CLIENTS)}")
    return "\n\n".join(parts)


def _rows(title: str, rows: tuple[tuple[str, str], ...]) -> str:
    return "\n".join([f"| {title} | what the gateway does |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])
