"""Draws the pictures anew."""

from tests.pictures import main

main()
