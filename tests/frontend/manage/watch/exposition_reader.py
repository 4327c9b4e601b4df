"""A strict reader of Prometheus' text format 0.0.4: what a scraper takes, and nothing else."""

from __future__ import annotations

import re

import attrs

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
HELP = re.compile(rf"# HELP (?P<name>{NAME}) (?P<help>(?:[^\\\n]|\\\\|\\n)*)")
TYPE = re.compile(rf"# TYPE (?P<name>{NAME}) (?P<kind>counter|gauge|histogram)")
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
SAMPLE = re.compile(rf"(?P<name>{NAME})(?:\{{(?P<labels>{LABEL}(?:,{LABEL})*)\}})? (?P<value>\S+)")
ONE_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


@attrs.define
class Read:
    """One metric as it was read: samples by their name's ending and their labels."""

    kind: str
    help: str
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = attrs.field(factory=dict)

    def value(self, ending: str = "", **labels: str) -> float:
        return self.samples[ending, tuple(sorted(labels.items()))]


def read_exposition(text: str) -> dict[str, Read]:
    """The metrics by name. Raises: AssertionError, ValueError."""
    assert text.endswith("\n")
    found: dict[str, Read] = {}
    lines = iter(text[:-1].split("\n"))
    current, name = Read("", ""), ""
    for line in lines:
        if told := HELP.fullmatch(line):
            typed = TYPE.fullmatch(next(lines))
            assert typed, line
            assert typed["name"] == told["name"]
            name, current = told["name"], Read(typed["kind"], told["help"])
            assert name not in found, "all samples of a metric stand together"
            found[name] = current
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert sample["name"].startswith(name)
        ending = sample["name"].removeprefix(name)
        assert ending in (("_bucket", "_sum", "_count") if current.kind == "histogram" else ("",)), line
        labels = tuple(sorted((key, unescaped(value)) for key, value in ONE_LABEL.findall(sample["labels"] or "")))
        assert len(dict(labels)) == len(labels)
        assert (ending, labels) not in current.samples, f"twice: {line}"
        current.samples[ending, labels] = float(sample["value"])
    return found


def unescaped(value: str) -> str:
    return re.sub(r"\\.", lambda match: UNESCAPED[match[0]], value)
