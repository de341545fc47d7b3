"""Mirroring, C2SP tlog-mirror: this node keeps copies of other nodes' logs, and has its own kept by them."""
