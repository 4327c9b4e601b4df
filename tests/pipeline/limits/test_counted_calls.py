"""Which calls a limit counts, and how it is spoken of."""

from __future__ import annotations

from argus_trio.pipeline.limits.counted_calls import CountedCalls, in_words, rate_of
from tests.pipeline.support.limits import per_minute


def counted(method: str, *methods: str) -> bool:
    return CountedCalls.of(per_minute(1, methods=methods)).methods.match(method) is not None


def test_a_method_is_matched_as_a_whole_and_exactly() -> None:
    assert counted("tools/list", "prompts/list", "tools/list")
    assert not counted("Tools/list", "tools/list")
    assert not counted("tools/list/x", "tools/list")
    assert counted("resources/templates/list", "resources/*")
    assert not counted("tools/list")


def test_a_limit_is_told_to_the_log_as_the_file_says_it() -> None:
    limit = per_minute(9, scope="global", per=60.0, tools=("a*",))
    assert repr(in_words(limit)) == "{'scope': 'global', 'calls': 9, 'per': 60, 'tools': ('a*',)}"
    assert in_words(per_minute(9, per=0.5))["per"] == 0.5
    assert rate_of(limit) == "9 per 60 s for all"
