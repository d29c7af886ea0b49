"""The oracle bundle for every test of this room."""

from __future__ import annotations

from pathlib import Path

import pytest

from medviewer.ai.catalog import Bundle
from tests.ai.bundles import install_oracle, oracle_bundle


@pytest.fixture(autouse=True)
def oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle network is registered."""
    install_oracle(monkeypatch)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A whole bundle of the oracle."""
    return oracle_bundle(tmp_path / "lung-ct")
