"""opsconsole: back up, preview, restore and audit Microsoft Intune policy assignments."""

__version__ = "0.1.0"
