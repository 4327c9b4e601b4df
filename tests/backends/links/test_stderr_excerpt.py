"""The line that says what is wrong is kept, wherever it stands."""

from __future__ import annotations

from argus_trio.backends.links.stderr_excerpt import FIRST_LINES, LAST_LINES, StderrExcerpt

NODE = """\
node:internal/modules/cjs/loader:1228
  throw err;
  ^

Error: Cannot find module '/srv/index.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)
    at Module._load (node:internal/modules/cjs/loader:1051:27)
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:174:12)
    at node:internal/main/run_main_module:28:49 {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v22.11.0
"""
PYTHON = """\
Traceback (most recent call last):
  File "/srv/server.py", line 9, in <module>
    main(int(argument))
         ~~~^^^^^^^^^^
ValueError: invalid literal for int() with base 10: 'x'
"""


def excerpt_of(*texts: str) -> tuple[str, ...]:
    excerpt = StderrExcerpt()
    for line in "".join(texts).splitlines():
        if line:
            excerpt.add(line)
    return excerpt.lines()


def banner(count: int) -> str:
    return "".join(f"banner {number}\n" for number in range(count))


def test_what_is_short_is_kept_whole() -> None:
    assert excerpt_of(banner(FIRST_LINES + LAST_LINES)) == tuple(f"banner {n}" for n in range(10))


def test_what_is_long_is_kept_at_both_ends_and_the_rest_is_counted() -> None:
    lines = excerpt_of(banner(100))
    assert lines[:FIRST_LINES] == tuple(f"banner {n}" for n in range(FIRST_LINES))
    assert lines[FIRST_LINES] == "… 90 lines left out …"
    assert lines[FIRST_LINES + 1 :] == tuple(f"banner {n}" for n in range(100 - LAST_LINES, 100))


def test_what_node_says_first_is_there_also_after_a_banner() -> None:
    for before in (0, 3, 50):
        lines = excerpt_of(banner(before), NODE)
        assert "Error: Cannot find module '/srv/index.js'" in lines
        assert len(lines) <= FIRST_LINES + 1 + LAST_LINES
    (frame,) = [line for line in lines if line.startswith("    at ")]
    assert frame.endswith("loader:1225:15) … 3 more")


def test_what_python_says_last_is_there() -> None:
    for before in (0, 3, 50):
        lines = excerpt_of(banner(before), PYTHON)
        assert lines[-1] == "ValueError: invalid literal for int() with base 10: 'x'"
        assert not any("^^^" in line for line in lines)


def test_a_line_that_still_comes_counts_as_the_last() -> None:
    excerpt = StderrExcerpt()
    for number in range(10):
        excerpt.add(str(number))
    assert excerpt.lines("unended") == ("0", "1", "2", "3", "… 1 line left out …", "5", "6", "7", "8", "9", "unended")
    assert excerpt.lines() == tuple(map(str, range(10)))


def test_what_nobody_looked_at_is_counted() -> None:
    excerpt = StderrExcerpt()
    excerpt.add("first")
    excerpt.skip(1000)
    assert excerpt.lines() == ("first", "… 1000 lines left out …")
