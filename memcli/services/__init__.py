"""What memcli does. The only place with rules: it never prints, parses arguments or reads the environment."""
