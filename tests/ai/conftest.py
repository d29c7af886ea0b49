"""The oracle bundle for every test of this room, and small bundles that many of them ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from medviewer.ai.catalog import Bundle
from tests.ai.bundles import install_oracle, oracle_bundle
from tests.ai.foreign import know_tiny
from tests.ai.pictures import chest_bundle, register


@pytest.fixture(autouse=True)
def oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle network is registered."""
    install_oracle(monkeypatch)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A whole bundle of the oracle."""
    return oracle_bundle(tmp_path / "lung-ct")


@pytest.fixture
def chest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """The chest reading with the painted network."""
    register(monkeypatch)
    return chest_bundle(tmp_path / "cxr-anatomy", size=96)


@pytest.fixture
def tiny_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny network's weights are in the table of known models."""
    know_tiny(monkeypatch)
