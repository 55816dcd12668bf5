"""Handing command lines over to the warm process, which has everything imported and the model loaded.

`place` says where its socket is and which commands are for it, `client` hands a command line over. Both
need a small part of the standard library only: they run before anything else of memcli is imported. The
process itself is in `memcli.servers.warm`.
"""
