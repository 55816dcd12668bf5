"""How the artefacts that ship with memcli were trained: scripts and data, all written for memcli."""
