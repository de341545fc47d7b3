"""Witnessing, C2SP: this node cosigns the checkpoints of other nodes' logs, and has its own cosigned by them."""
