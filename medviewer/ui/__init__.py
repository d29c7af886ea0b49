"""SHOW: the only room with Qt."""
