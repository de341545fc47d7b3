"""Ed-Fi systems beside the node: what they have is pulled from them, and what may be disclosed to them is pushed."""
