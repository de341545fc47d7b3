"""The OneRoster 1.2 rostering service, as a provider: to a party to an agreement, what the agreement schedules and policies permit."""
