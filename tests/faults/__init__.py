"""What becomes of a memory when machines fail: killed processes, full disks, torn files, crowds.

What is quick runs with all other tests; `python -m tests.faults` does the same for as long as one likes, and
writes a report.
"""
