"""A house in which people sign in."""

from tests.gateway.people.conftest import peopled, peoples, provider

__all__ = ("peopled", "peoples", "provider")
