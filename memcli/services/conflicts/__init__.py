"""What a new statement does to those that are remembered: duplicate, replaced or stored."""

from memcli.services.conflicts.additions import says_more
from memcli.services.conflicts.decision import Decision, Statement, decide

__all__ = ["Decision", "Statement", "decide", "says_more"]
