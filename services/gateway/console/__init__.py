"""The console: pages for people who oversee what their agency's node does. Whoever controls it can read what its roles may read."""
