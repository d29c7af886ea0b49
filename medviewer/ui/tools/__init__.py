"""One small class for each mouse tool."""
