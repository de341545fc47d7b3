"""A house in which people sign in."""

from tests.gateway.people.conftest import peopled, peoples, provider, signing

__all__ = ("peopled", "peoples", "provider", "signing")
