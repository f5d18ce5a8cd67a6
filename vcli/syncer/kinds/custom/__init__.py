"""Custom resources that the values name; imported only where they name some."""
