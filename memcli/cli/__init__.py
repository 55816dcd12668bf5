"""The command line: parse, call one service, show. No rule of what memcli does lives here."""
