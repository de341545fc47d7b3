"""What is unusual in the log: found by rules behind the index, entered into the log, looked at by officials, and signed off each week."""
