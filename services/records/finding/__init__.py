"""Which node may have a child whose former state nobody knows: compared blindly, so that no node is told a name."""
