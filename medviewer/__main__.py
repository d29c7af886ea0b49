"""``python -m medviewer``."""

import sys

from medviewer.cli import main

if __name__ == "__main__":
    sys.exit(main())
