"""A machine for the doctor to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doctor.patient import Patient


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(folder=tmp_path)
