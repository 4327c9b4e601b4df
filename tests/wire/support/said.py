"""What clients may say, nearly right as a rule: for Hypothesis."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

METHODS: Final = st.sampled_from([b"GET", b"POST", b"options", b"HEAD", b"CONNECT", b"M-SEARCH", b"GET ", b"G(T", b""])
TARGETS: Final = st.sampled_from([b"/", b"/mcp?a=%20", b"*", b"http://h:1/x", b"h:1", b"//", b"", b"/a b", b"/\xe4"])
VERSIONS: Final = st.sampled_from([b"1.1"] * 6 + [b"1.0", b"1.0", b"1.2", b"2.0", b"0.9", b"1", b"1.10"])
FIELDS: Final = st.lists(
    st.sampled_from(
        [
            b"Host: other",
            b"Content-Length: 3",
            b"content-length:3 ",
            b"Content-Length: 3, 3",
            b"Content-Length: 03",
            b"Content-Length: 4",
            b"Content-Length: +3",
            b"Content-Length: 3,",
            b"Content-Length:",
            b"Content-Length: \xb3",
            b"Content-Length: " + b"0" * 20,
            b"Content-Length: " + b"0" * 21,
            b"Transfer-Encoding: chunked",
            b"transfer-encoding:\tCHUNKED",
            b"Transfer-Encoding: gzip, chunked",
            b"Transfer-Encoding: identity",
            b"Transfer-Encoding: chunked;q=1",
            b"Transfer-Encoding : chunked",
            b"Transfer_Encoding: chunked",
            b"Connection: close",
            b"Connection: keep-alive , Close",
            b"Connection: closed",
            b"Connection:",
            b"Expect: 100-continue",
            b"Expect: x, 100-Continue",
            b"Upgrade: websocket",
            b"empty:",
            b"many: \t a  b\t ",
            b": nameless",
            b"no colon",
            b"bad name: x",
            b"bad: \x00",
            b"bad: \x0b",
            b"bad: \x0c",
            b"control: \x01",
            b"control: \x7f",
            b"latin: \xe4\xff",
            b" folded",
            b"\tfolded: x",
            b"bare: a\nb: c",
            b"bare: a\rb: c",
            b"\x00: x",
        ]
    ),
    max_size=4,
)
BODIES: Final = st.sampled_from(
    [b"", b"", b"abc", b"abcd", b"0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", b"1;x\r\na\r\n0\r\nt: v\r\n\r\n", b"3\r\nab"]
)
LINE_ENDS: Final = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b"\n\r\n"])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request, as a rule nearly right, its body as often of the length that it says as not."""
    fields = draw(FIELDS)
    if draw(st.integers(0, 9)):
        fields.insert(draw(st.integers(0, len(fields))), b"Host: h")
    first = draw(METHODS) + b" " + draw(TARGETS) + b" HTTP/" + draw(VERSIONS)
    lines = b"".join(line + draw(LINE_ENDS) for line in [first, *fields])
    return lines + draw(LINE_ENDS) + draw(BODIES)


GAPS: Final = st.sampled_from([b"", b"", b"", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\0"])
STREAMS: Final = st.lists(st.tuples(GAPS, requests()), min_size=1, max_size=4).map(
    lambda said: b"".join(gap + request for gap, request in said)
)
CUTS: Final = st.lists(st.integers(0, 2000), max_size=6)

PLAIN: Final = (
    b"POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX: y z\r\n\r\nabc"
    b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n0\r\nt: v\r\n\r\n"
    b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
)
