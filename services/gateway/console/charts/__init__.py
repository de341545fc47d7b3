"""Pictures of numbers: pure functions from what is known to where it is drawn. Templates draw it; colour and type come from charts.css.

Lengths are units of the picture's view box, of which 1 is a CSS pixel where the picture is shown in its own size.
"""
