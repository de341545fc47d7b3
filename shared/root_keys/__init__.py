"""Root keys: held by a security module, a cloud's key service or a transit engine; they wrap the key-encryption keys of this node."""
