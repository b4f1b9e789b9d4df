"""``python -m scrypath`` is the command line."""

import sys

from scrypath.cli import main

if __name__ == "__main__":
    sys.exit(main())
