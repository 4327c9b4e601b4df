"""Programs that work with this machine itself."""

from __future__ import annotations

import pytest

from argus_trio.config.model.container import Container
from argus_trio.sandbox.plan.drafting.bound import BONDS
from argus_trio.sandbox.plan.outcome import InstalledImage
from tests.sandbox.plan.support import backend, bare, contained, refused


@pytest.mark.parametrize(("kind", "name"), BONDS)
def test_they_run_there_and_the_way_out_is_told(kind: str, name: str) -> None:
    spec = backend("npx", "-y", f"{name}@latest") if kind == "node" else backend("uvx", name)
    bond = BONDS["node" if kind == "node" else "python", name]
    assert bare(spec) == f"{name} {bond.what}: {bond.way_out}"


def test_under_required_they_are_refused() -> None:
    spec = backend("npx", "@playwright/mcp@latest", container=Container(isolation="required"))
    assert refused(spec).startswith("isolation is required, and @playwright/mcp drives a browser of this machine")


@pytest.mark.parametrize(
    "args",
    [
        ("mcp-remote", "https://mcp.example.com/mcp", "--header", "Authorization: Bearer x"),
        ("@playwright/mcp@latest", "--cdp-endpoint=http://browser.example.com:9222"),
        ("@playwright/mcp-of-mine",),
    ],
)
def test_an_option_that_does_without_frees_them(args: tuple[str, ...]) -> None:
    contained(backend("npx", "-y", *args))


def test_an_image_that_is_named_is_taken_at_its_word() -> None:
    base = "mcr.microsoft.com/playwright:v1.60.0"
    plan = contained(backend("npx", "@playwright/mcp", container=Container(base_image=base)))
    assert isinstance(plan.image, InstalledImage)
    assert plan.image.base == base
    contained(backend("npx", "@playwright/mcp", container=Container(image="mcr.microsoft.com/playwright/mcp")))
