"""The compiler: numbers that record what is done to them, the record, and its Python.

It knows arithmetic, not calculus. The engine runs once over `Symbol` numbers, forward and backward;
what it did is a `Record`; and that is written down as straight-line code.
"""
