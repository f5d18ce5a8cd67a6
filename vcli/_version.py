"""The version, in a module without imports: to learn it nobody imports the public names of the package."""

__version__ = "0.1.0"
