"""One script for each layout of the tables: what leads to it from the one before.

A script is written once and follows no later change of the tables: every database goes the same way.
"""
