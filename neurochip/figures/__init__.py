"""Figures for papers: every chart of a folder of results as a vector or pixel file, and its numbers as CSV.

What a figure shows is made of the stored numbers, not of the page; it is drawn by Matplotlib, which is imported when
something is drawn (extra ``plot``).
"""
