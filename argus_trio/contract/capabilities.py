"""Tools, prompts and resources: what clients are shown, and what is hidden from them and why."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.operation import MOST_LISTED, Operation
from argus_trio.core.catalog.catalog import HiddenWhy

LONGEST_SEARCH: Final = 256
"""The longest text that is searched for, in characters."""
CapabilityType = Literal["tools", "resources", "resource_templates", "prompts"]


@attrs.frozen(kw_only=True)
class CapabilitiesQuery(Value):
    """Which of them are wanted."""

    type: CapabilityType | None = None
    backend: str = ""
    """Only of this one; empty for all."""
    search: Annotated[str, msgspec.Meta(max_length=LONGEST_SEARCH)] = ""
    """A part of the name or the description, or a pattern with `*` for the name; case does not count."""
    principal: str = ""
    """As whom it is looked at; needs `manage:read`. Empty: everything with the right, else as who asks."""
    endpoint: str = ""
    """The view by which it is looked at; empty for the endpoint that shows all."""
    hidden: bool = True
    """Whether hidden entries are listed too; without `manage:read` none is."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=10 * MOST_LISTED)] = MOST_LISTED
    after: str = ""
    """The `next` of the page before; empty for the first one."""


@attrs.frozen(kw_only=True)
class ToolEntry(Value):
    """One tool of one backend."""

    name: str
    """As clients know it."""
    original_name: str
    """As its backend knows it."""
    title: str | None
    description: str | None
    backend: str
    input_schema: msgspec.Raw
    """As it came, as are the two that follow, which are null where nothing came."""
    output_schema: msgspec.Raw
    annotations: msgspec.Raw
    filtered: bool
    """Whether a filter hides it."""
    renamed: bool
    """Whether `name` is not `original_name`: by a prefix, an override, or a conflict."""
    hidden: HiddenWhy | None
    """Why clients are not shown it: a filter of its backend, another entry of the same name, a rule or a view, a
    definition that no client could read, or a pin that it differs from."""
    why: str | None
    """The same in one line for people."""


@attrs.frozen(kw_only=True)
class ResourceEntry(Value):
    """One resource of one backend."""

    uri: str
    name: str | None
    description: str | None
    backend: str
    mime_type: str | None
    filtered: bool
    hidden: HiddenWhy | None
    why: str | None


@attrs.frozen(kw_only=True)
class ResourceTemplateEntry(Value):
    """One template of one backend."""

    uri_template: str
    name: str | None
    description: str | None
    backend: str
    mime_type: str | None
    filtered: bool
    hidden: HiddenWhy | None
    why: str | None


@attrs.frozen(kw_only=True)
class PromptEntry(Value):
    """One prompt of one backend."""

    name: str
    original_name: str
    description: str | None
    backend: str
    arguments: msgspec.Raw
    filtered: bool
    renamed: bool
    hidden: HiddenWhy | None
    why: str | None


@attrs.frozen(kw_only=True)
class CapabilitiesAnswer(Value):
    """One page of them; all lists together hold `limit` entries at most."""

    tools: tuple[ToolEntry, ...]
    resources: tuple[ResourceEntry, ...]
    resource_templates: tuple[ResourceTemplateEntry, ...]
    prompts: tuple[PromptEntry, ...]
    route_map: dict[str, tuple[str, str]]
    """Of the tools and prompts on this page that are shown: backend and name there, by the name shown. Where a tool and
    a prompt have the same name, it is the tool's."""
    optimizer_active: bool
    """False: there is none."""
    mcp_visible_tool_count: int
    """How many tools there are for clients, or for the principal that it is looked at as; on all pages."""
    next: str | None


CAPABILITIES: Final = Operation(
    method="GET",
    path="/capabilities",
    summary="Tools, resources and prompts, the hidden ones and why they are",
    right=None,
    query=CapabilitiesQuery,
    answer=CapabilitiesAnswer,
    problems=("unknown-backend", "unknown-view", "unknown-principal", "unknown-page"),
)
