"""Statistics over a node's students, with noise that hides every single one."""
