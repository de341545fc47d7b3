"""Where the log is sent as it grows: signed webhooks and syslog, in order, at least once (docs/siem.md)."""
