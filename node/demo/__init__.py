"""The demo: two fictional states on this machine exchange a child's record, step by step, each step verified."""
