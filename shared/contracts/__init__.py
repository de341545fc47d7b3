"""What the services of one node say to each other. What vendors and peers need is in the SDK."""
