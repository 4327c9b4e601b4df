"""Checks one condition of `when`: whether it can be read, and whether any value meets it."""

from __future__ import annotations

import attrs

from argus_trio.config.model.authorization import ArgumentCondition
from argus_trio.config.policy import condition_of
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.core.access.conditions.condition import NoPointer
from argus_trio.core.access.conditions.paths import NoPath
from argus_trio.wire.envelope import encode

_KEYS = tuple(field.name for field in attrs.fields(ArgumentCondition))


def check_condition(pointer: str, written: ArgumentCondition, key_path: KeyPath, findings: Findings) -> None:
    """Report the condition if it is none, or if no value meets it."""
    if any(findings.is_faulty((*key_path, key)) for key in _KEYS):
        return
    given = {key for key in _KEYS if getattr(written, key) is not None}
    if not given:
        hint = f"write one of {', '.join(_KEYS)}; that it is null is one_of: [null]"
        findings.add(key_path, "expected a condition", hint)
        return
    try:
        condition_of(pointer, written)
    except NoPointer as error:
        findings.add(key_path, str(error), f"write /{pointer}" if pointer and pointer[0] not in "/$" else "")
    except NoPath as error:
        findings.add((*key_path, "under"), str(error))
    except ValueError as error:
        findings.add(key_path, str(error))
    else:
        if problem := _contradiction(written, given):
            findings.add(key_path, *problem)


def _contradiction(written: ArgumentCondition, given: set[str]) -> tuple[str, str] | None:
    if written.absent and given != {"absent"}:
        return "no value meets it", "absent: true stands alone: what is not given cannot be compared"
    if {"equals", "one_of"} <= given:
        return "equals and one_of say the same", "write one of them"
    if given & {"min", "max"} and given & {"glob", "under"}:
        return "no value meets it", "min and max are for numbers, glob and under for texts"
    if written.min is not None and written.max is not None and written.min > written.max:
        return "no number meets it", "min is above max"
    values = written.one_of if written.one_of is not None else (written.equals,) if "equals" in given else None
    if values is None:
        return None
    condition = condition_of("/value", written)
    if not any(condition.holds(encode({"value": value})) for value in values):
        return "no value meets it", "none of the values of equals or one_of meets the other keys"
    return None
