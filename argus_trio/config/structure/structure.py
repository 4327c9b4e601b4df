"""Makes the frozen values of `model` out of a file's tree, by cattrs; what does not fit is reported, all at once.

A part that does not fit is cut out of the tree and the rest is structured again, so that the checks that follow see
everything that can be seen. Whether the values make sense together is not judged here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final, get_args

import attrs
from cattrs import (
    BaseValidationError,
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from cattrs.errors import IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from argus_trio import Value
from argus_trio.config.model.authentication import (
    ApiKeyMethod,
    AuthenticationMethod,
    BearerMethod,
    HeaderMethod,
    JwtMethod,
)
from argus_trio.config.model.backend import BackendSpec, HttpBackend, SseBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import Container, MountSpec, NetworkSpec
from argus_trio.config.model.middleware import (
    AuthenticationSpec,
    CustomSpec,
    LoggingSpec,
    MiddlewareSpec,
    RateLimitSpec,
    RbacSpec,
    TelemetrySpec,
)
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.scalar import Scalar, Tree, described
from argus_trio.config.structure import leaf
from argus_trio.config.structure.container import container_hook, mount_hook, network_hook
from argus_trio.config.structure.heritage import shape, wanted
from argus_trio.config.structure.leaf import Unfit
from argus_trio.config.structure.unknown import hint_for

BACKEND_TYPES: dict[str, type[StdioBackend | SseBackend | HttpBackend]] = {
    "stdio": StdioBackend,
    "sse": SseBackend,
    "streamable-http": HttpBackend,
}
"""The classes of backends by the word for their type."""
MIDDLEWARE_TYPES: dict[str, type] = {
    "logging": LoggingSpec,
    "telemetry": TelemetrySpec,
    "authentication": AuthenticationSpec,
    "rbac": RbacSpec,
    "rate_limit": RateLimitSpec,
}
"""The classes of middleware by the word for their type; one of its user's own has `use` instead."""
METHOD_TYPES: dict[str, type] = {
    "bearer": BearerMethod,
    "api_key": ApiKeyMethod,
    "header": HeaderMethod,
    "jwt": JwtMethod,
}
"""The classes of ways to authenticate by the word for their type."""

_GONE: Final = Scalar(text="")
"""Stands for an entry of a list that was cut out, so that the others keep their indexes."""
_NAME = "\0name"
"""The key by which cattrs is handed a backend's name; no file can hold it unnoticed."""


@attrs.frozen(kw_only=True)
class _Fault(Value):
    """Something in the tree that does not fit."""

    key_path: KeyPath
    message: str
    hint: str = ""
    cut: KeyPath
    """The key path of what has to be cut out because of it."""


def structure(root: dict[str, Tree], findings: Findings) -> Config:
    """The configuration that the tree says, without the parts that were reported to `findings`."""
    tree = _named(root)
    while True:
        try:
            config = _converter().structure(tree, Config)
        except BaseValidationError as error:
            for fault in list(_faults(error, ())):
                findings.add(fault.key_path, fault.message, fault.hint)
                _cut(tree, fault.cut)
        else:
            findings.left = dict(_left(tree, ()))
            return config


def _left(tree: Tree, key_path: KeyPath) -> Iterator[tuple[KeyPath, tuple[int, ...]]]:
    """Where the entries stand that are left of each list of mappings; of a list of texts none is left out."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _left(value, (*key_path, key))
    elif isinstance(tree, list):
        left = {index: each for index, each in enumerate(tree) if each is not _GONE}
        if len(left) < len(tree) and not any(isinstance(each, Scalar) for each in left.values()):
            yield key_path, tuple(left)
        for index, value in left.items():
            yield from _left(value, (*key_path, index))


def keys_of(cls: type) -> dict[str, attrs.Attribute[object]]:
    """The fields of a class of the model that are keys of the file, by key."""
    return {field.name: field for field in attrs.fields(attrs.resolve_types(cls)) if "about" in field.metadata}


def _named(root: dict[str, Tree]) -> dict[str, Tree]:
    tree = {key: _copied(value) for key, value in root.items()}
    backends = tree.get("backends")
    for name, backend in backends.items() if isinstance(backends, dict) else ():
        if isinstance(backend, dict):
            backend[_NAME] = Scalar(text=name)
    return tree


def _copied(tree: Tree) -> Tree:
    if isinstance(tree, dict):
        return {key: _copied(value) for key, value in tree.items()}
    return [_copied(value) for value in tree] if isinstance(tree, list) else tree


def _cut(tree: Tree, key_path: KeyPath) -> None:
    """Take what is at `key_path` out of the tree, if it still is there."""
    *above, last = key_path
    for part in above:
        if isinstance(tree, dict) and isinstance(part, str) and part in tree:
            tree = tree[part]
            continue
        if not isinstance(tree, list) or not isinstance(part, int):
            return
        tree = tree[part]
    if isinstance(tree, list) and isinstance(last, int):
        tree[last] = _GONE
    elif isinstance(tree, dict) and isinstance(last, str):
        guess = _guessed_type(tree) if len(key_path) == 3 and key_path[0] == "backends" and last == "type" else None
        if guess:
            tree["type"] = Scalar(text=guess)
        else:
            tree.pop(last, None)


def _guessed_type(backend: dict[str, Tree]) -> str | None:
    return "stdio" if "command" in backend else "streamable-http" if "url" in backend else None


# ---------------------------------------------------------------------------------------------- what cattrs found


def _faults(error: Exception, key_path: KeyPath) -> Iterator[_Fault]:
    match error:
        case ClassValidationError():
            named, unnamed = error.group_exceptions()
            for each, note in named:
                if isinstance(each, KeyError):
                    yield _missing((*key_path, note.name))
                else:
                    yield from _faults(each, (*key_path, note.name))
            for each in unnamed:
                yield from _faults(each, key_path)
        case IterableValidationError():
            for each, index in error.group_exceptions()[0]:
                yield from _faults(each, (*key_path, index.index))
        case ForbiddenExtraKeysError():
            for key in error.extra_fields:
                unknown = (*key_path, key)
                yield _Fault(
                    key_path=unknown, message="unknown key", hint=hint_for(unknown, keys_of(error.cl)), cut=unknown
                )
        case Unfit():
            faulty = (*key_path, *error.below)
            hint = error.hint or shape(faulty)
            yield _Fault(key_path=faulty, message=error.message, hint=hint, cut=key_path if error.is_all else faulty)
        case _:
            raise error


def _missing(key_path: KeyPath) -> _Fault:
    return _Fault(key_path=key_path, message="missing", hint=wanted(key_path), cut=key_path[:-1])


# ------------------------------------------------------------------------------------------------- what cattrs does


@functools.cache
def _converter() -> Converter:
    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    converter.register_structure_hook_factory(attrs.has, lambda cls: _class_hook(cls, converter))
    converter.register_structure_hook_func(leaf.is_tuple, functools.partial(_tuple, converter))
    converter.register_structure_hook_func(leaf.is_mapping, functools.partial(_mapping, converter))
    converter.register_structure_hook_func(lambda kind: kind == BackendSpec, functools.partial(_backend, converter))
    converter.register_structure_hook_func(
        lambda kind: kind == MiddlewareSpec, functools.partial(_middleware, converter)
    )
    converter.register_structure_hook_func(
        lambda kind: kind == AuthenticationMethod, functools.partial(_method, converter)
    )
    leaf.register(converter)
    converter.register_structure_hook(NetworkSpec, network_hook(_class_hook(NetworkSpec, converter)))
    converter.register_structure_hook(MountSpec, mount_hook(_class_hook(MountSpec, converter)))
    converter.register_structure_hook(Container, container_hook(_class_hook(Container, converter)))
    return converter


def _class_hook(cls: type, converter: Converter) -> Callable[[Tree, object], object]:
    keys = keys_of(cls)
    overrides = {name: override(struct_hook=hook) for name, field in keys.items() if (hook := leaf.bounded(field))}
    overrides |= {
        name: override(struct_hook=functools.partial(_one_or_more, converter))
        for name, field in keys.items()
        if field.metadata.get("or_one")
    }
    for field in attrs.fields(cls):
        if field.name not in keys:
            overrides[field.name] = override(rename=_NAME) if field.name == "name" else override(omit=True)
    fill: Callable[[dict[str, Tree], type], object] = make_dict_structure_fn(
        cls,
        converter,
        **overrides,  # type: ignore[arg-type]  # cattrs' own options share the ** with the fields
    )

    def structured(tree: Tree, _: object) -> object:
        if not isinstance(tree, dict):
            raise Unfit(f"expected a mapping, found {described(tree)}", f"its keys are {', '.join(keys)}")
        absent = {key for key, value in tree.items() if key in keys and leaf.is_absent(value, keys[key])}
        return fill({key: value for key, value in tree.items() if key not in absent}, cls)

    return structured


def _backend(converter: Converter, tree: Tree, _: type) -> object:
    if not isinstance(tree, dict):
        raise Unfit(f"expected a mapping, found {described(tree)}", "a backend has a type, and a command or a url")
    kind = tree.get("type")
    if isinstance(kind, Scalar) and kind.text in BACKEND_TYPES:
        return converter.structure(tree, BACKEND_TYPES[kind.text])
    raise leaf.unfit_type(kind, _guessed_type(tree), tuple(BACKEND_TYPES))


def _middleware(converter: Converter, tree: Tree, _: type) -> object:
    types = ", ".join(MIDDLEWARE_TYPES)
    if not isinstance(tree, dict):
        word = tree.text if isinstance(tree, Scalar) and tree.text in MIDDLEWARE_TYPES else "logging"
        raise Unfit(f"expected a mapping, found {described(tree)}", f"such as - type: {word}; there are {types}")
    if "use" in tree and "type" not in tree:
        return converter.structure(tree, CustomSpec)
    kind = tree.get("type")
    if isinstance(kind, Scalar) and kind.text in MIDDLEWARE_TYPES:
        return converter.structure(tree, MIDDLEWARE_TYPES[kind.text])
    raise leaf.unfit_type(kind, None, tuple(MIDDLEWARE_TYPES))


def _method(converter: Converter, tree: Tree, _: type) -> object:
    if not isinstance(tree, dict):
        types = ", ".join(METHOD_TYPES)
        raise Unfit(f"expected a mapping, found {described(tree)}", f"a method has a type: one of {types}")
    kind = tree.get("type")
    if isinstance(kind, Scalar) and kind.text in METHOD_TYPES:
        return converter.structure(tree, METHOD_TYPES[kind.text])
    raise leaf.unfit_type(kind, None, tuple(METHOD_TYPES))


def _one_or_more(converter: Converter, tree: Tree, kind: type) -> tuple[object, ...]:
    return _tuple(converter, [tree] if isinstance(tree, Scalar) else tree, kind)


def _tuple(converter: Converter, tree: Tree, kind: type) -> tuple[object, ...]:
    if not isinstance(tree, list):
        raise Unfit(
            f"expected a list, found {described(tree)}", "write each entry on its own line after a dash, or [one, two]"
        )
    value = get_args(kind)[0]
    entries = ((index, each) for index, each in enumerate(tree) if each is not _GONE or value is str)
    return tuple(_each(converter, entries, kind, value).values())


def _mapping(converter: Converter, tree: Tree, kind: type) -> MappingProxyType[object, object]:
    if not isinstance(tree, dict):
        raise Unfit(f"expected a mapping, found {described(tree)}")
    return MappingProxyType(_each(converter, iter(tree.items()), kind, get_args(kind)[1]))


def _each(
    converter: Converter, entries: Iterator[tuple[str | int, Tree]], kind: type, value: type
) -> dict[object, object]:
    done: dict[object, object] = {}
    errors: list[Exception] = []
    for index, tree in entries:
        try:
            done[index] = converter.structure(tree, value)
        except (Unfit, BaseValidationError) as error:
            error.add_note(IterableValidationNote(f"at {index!r}", index, value))
            errors.append(error)
    if errors:
        raise IterableValidationError("entries do not fit", errors, kind)
    return done
