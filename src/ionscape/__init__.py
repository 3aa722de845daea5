"""ionscape: from raw measurements on a solid ion conductor to how its ions move."""

__version__ = "0.1.0"
