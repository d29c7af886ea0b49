"""DECIDE: the session, the reader's decisions, the report, settings and audit. No Qt, no torch."""
