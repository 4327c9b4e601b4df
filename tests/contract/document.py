"""The OpenAPI document on file: `python -m tests.contract.document` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

from argus_trio.contract.openapi import openapi_document

ON_FILE = Path(__file__).parents[2] / "docs" / "openapi.json"


if __name__ == "__main__":
    ON_FILE.write_text(json.dumps(openapi_document(), indent=1) + "\n")
