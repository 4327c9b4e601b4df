"""A middleware of the user's own: found by `use`, made with its `options`, and kept over a reload that changes neither.

It is an async callable `(exchange, call_next)`: a function, or an instance of a class. A class is called with the
options by keyword; if what it makes is an async context manager too, it is entered before its first call and left
after its last one.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Final

import attrs
import msgspec

from argus_trio.config.model.middleware import CustomSpec
from argus_trio.core.call.exchange import Exchange, Handler
from argus_trio.pipeline.chain import Middleware
from argus_trio.pipeline.contained import contained
from argus_trio.pipeline.factory import FactoryContext, SpecUnusable
from argus_trio.pipeline.lifetime import Lifetime
from argus_trio.pipeline.stage import Stage
from argus_trio.wire.envelope import decode_object, on_one_line

_FORMS: Final = "write package.module:Name, or ./file.py:Name for a file beside the configuration"


@attrs.frozen(eq=False, repr=False)
class CustomMiddleware:
    """The user's middleware, with a check of what it returns: a slip there would become a broken answer."""

    inner: Middleware
    use: str
    lifetime: Lifetime | None

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        passed = b""

        async def onward(exchange: Exchange) -> bytes:
            nonlocal passed
            passed = await call_next(exchange)
            return passed

        try:
            result: object = await self.inner(exchange, onward)
        except BaseException as error:
            raised = contained(error, self.use)
            if raised is error:
                raise
            raise raised from error
        return passed if result is passed and passed else self._checked(result)

    def _checked(self, result: object) -> bytes:
        """What it has made itself, if that is a result: it becomes a part of the answer as it is."""
        if not isinstance(result, bytes):
            raise self._fault(type(result).__name__)
        try:
            decode_object(result)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._fault("bytes that are no JSON object") from None
        return on_one_line(result)

    def _fault(self, found: str) -> TypeError:
        return TypeError(f"{self.use} returned {found}; a middleware returns the bytes of a result, a JSON object")


def custom_stage(spec: CustomSpec, context: FactoryContext) -> Stage:
    """The stage of a middleware of the user's own. Imports its module; blocking.

    Raises:
        SpecUnusable: it cannot be found, imported or made.
    """
    source, colon, name = spec.use.rpartition(":")
    if not colon or not source or not name.isidentifier():
        raise SpecUnusable(f"expected a module and a name in it, found {spec.use!r}", _FORMS, key="use")
    load: Callable[[], ModuleType]
    path = spec.file(context.folder)
    if path is not None:
        text = _text(path)
        version, load = hashlib.sha256(text).hexdigest(), partial(_executed, path, text)
    else:
        version, load = "", partial(_imported, source)
    rule = (spec.use, version, repr(spec.options))
    number = 0  # of the equal ones before it: each entry of the file has an instance of its own
    while (CustomMiddleware, (*rule, number)) in context.kept.kept:
        number += 1

    def make() -> CustomMiddleware:
        return _made(spec, _found(load(), name, spec.use))

    middleware = context.kept.keep(CustomMiddleware, (*rule, number), make)
    return Stage(call=lambda _: middleware, lifetime=middleware.lifetime)


def _made(spec: CustomSpec, found: Callable[..., object]) -> CustomMiddleware:
    if inspect.iscoroutinefunction(found):
        if spec.options:
            hint = "write a class that takes them, with an async method __call__"
            raise SpecUnusable(f"{spec.use} is a function, which takes no options", hint, key="options")
        _check_parameters(found, spec.use)
        return CustomMiddleware(found, spec.use, None)
    if inspect.isfunction(found) and _takes_a_call(found):
        raise SpecUnusable(f"{spec.use} is no async function", "write async def", key="use")
    try:
        made = found(**deepcopy(dict(spec.options)))  # what it does to them is not done to the configuration
    except TypeError as error:
        raise SpecUnusable(f"{spec.use} cannot be made with these options: {error}", key="options") from None
    except BaseException as error:  # noqa: BLE001  # the boundary: whatever the user's own code raises
        raise SpecUnusable(f"{spec.use} cannot be made: {_said(error)}", key="options") from None
    if not callable(made) or not inspect.iscoroutinefunction(type(made).__call__):
        hint = "it needs an async method __call__(self, exchange, call_next)"
        raise SpecUnusable(f"{spec.use} makes no middleware", hint, key="use")
    _check_parameters(made, spec.use)
    lifetime = Lifetime(made) if isinstance(made, AbstractAsyncContextManager) else None
    return CustomMiddleware(made, spec.use, lifetime)


def _check_parameters(called: Callable[..., object], use: str) -> None:
    if not _takes_a_call(called):
        found = inspect.signature(called)
        hint = "it is called with two values: (exchange, call_next)"
        raise SpecUnusable(f"{use} takes other arguments than a call has: {found}", hint, key="use")


def _takes_a_call(called: Callable[..., object]) -> bool:
    try:
        inspect.signature(called).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # nobody says what it takes
        return True
    return True


def _found(module: ModuleType, name: str, use: str) -> Callable[..., object]:
    found: object = getattr(module, name, None)
    if found is None:
        own = [key for key, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
        known = ", ".join(key for key in own or vars(module) if not key.startswith("_"))
        raise SpecUnusable(f"there is no {name} in {use.rpartition(':')[0]}", f"it has: {known[:200]}", key="use")
    if not callable(found):
        raise SpecUnusable(f"{use} is neither a class nor a function", key="use")
    return found


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            hint = f"install it where argus-trio is installed ({sys.prefix}), or name a file: ./file.py:Name"
            raise SpecUnusable(f"there is no module {name}", hint, key="use") from None
        raise SpecUnusable(f"{name} cannot be imported: {_said(error)}", key="use") from None
    except BaseException as error:  # noqa: BLE001  # the boundary: whatever the user's own code raises
        raise SpecUnusable(f"{name} cannot be imported: {_said(error)}", key="use") from None


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = "relative paths start at the folder of the configuration file"
        raise SpecUnusable(f"{path} cannot be read: {reason}", hint, key="use") from None


def _executed(path: Path, text: bytes) -> ModuleType:
    """The module that the file is now: one that was changed is another one, whatever the one before still does."""
    name = f"argus_trio_use_{hashlib.sha256(str(path).encode() + text).hexdigest()[:16]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses and pickling look their module up
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)  # noqa: S102  # the file that the configuration names
    except BaseException as error:  # noqa: BLE001  # the boundary: whatever the user's own code raises
        del sys.modules[name]
        raise SpecUnusable(f"{path.name} cannot be imported: {_said(error)}", key="use") from None
    return module


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
