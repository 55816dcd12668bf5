"""How everything is: each module looks at one part and says what it finds, and how that is mended."""
