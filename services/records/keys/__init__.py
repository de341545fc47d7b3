"""Where the node's key-encryption key lives. A provider wraps and unwraps the data keys of students; it never shows its own."""

from services.records.keys.file_provider import FileKeyProvider
from services.records.keys.provider import KeyProvider, WrappedKeyRefused

__all__ = ["FileKeyProvider", "KeyProvider", "WrappedKeyRefused"]
