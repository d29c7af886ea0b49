"""How fast, against what: ``python -m tests.bench`` measures everything in one run and prints ratios."""
