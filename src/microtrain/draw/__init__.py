"""Pictures: plain numbers go in, text, SVG or matplotlib's axes come out."""
