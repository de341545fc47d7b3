"""Where the four services become one node: the command, the embedded process, the demo. Nothing imports this package."""
