"""Permet ``python -m solidiag``."""

from solidiag.cli import main

if __name__ == "__main__":
    main()
