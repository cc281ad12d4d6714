"""Pictures and pages for people. Knows values only; nothing of how they came about."""
