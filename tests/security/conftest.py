"""The gateway's own house."""

from tests.gateway.conftest import empty_store, house

__all__ = ["empty_store", "house"]
