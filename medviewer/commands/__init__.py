"""The command line's commands: thin faces of the core the window uses. No Qt; torch only in functions."""
