"""``python -m ionscape``."""

from ionscape.cli import main

if __name__ == "__main__":
    main()
