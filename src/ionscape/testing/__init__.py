"""Synthetic truths, public: spectra with known answers, to test ionscape and any other program.

The formulas are written out here on purpose and share no code with the fits, so that a test never checks
an error against itself.
"""
