"""Rows side by side: what a search reads of memories, once more, in the order in which it is read.

LanceDB keeps a table by columns. To read ten columns of 250 rows that are anywhere among a million is
2,500 looks: 30 ms, twice as long as to find them. So large fragments of the table of memories get a *row
store* beside them, in which each row is in one place, with its vector, and all rows of a space are together.
It is a copy that is made while nobody waits and that nobody misses: without it, or where it can't be read,
LanceDB is asked as before. A fragment never changes; what is deleted from it is not found any more, and what
is changed is written to another fragment.

The few rows that have no row store yet are read into a *memtable*. Both are segments of what is *at hand* of
a version of the table: whoever looks for rows asks that first.
"""
