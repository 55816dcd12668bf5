"""A made-up project, a made-up person and a short conversation, for `memcli demo` to remember."""
