"""`memcli browse`: memories on a full screen. Textual is behind this door."""
