"""The tests of memcli. What they multiply is in one thread, as in a command (`memcli.arithmetic`)."""

from memcli import arithmetic

arithmetic.in_one_thread()
