"""The compiler: numbers that record what is done to them, the record, and its three languages.

It knows arithmetic, not calculus. The engine runs once over `Symbol` numbers, forward and backward;
what it did is a `Record`, which is written down as straight-line Python, C or JavaScript.
"""
