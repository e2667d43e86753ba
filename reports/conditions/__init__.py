"""Conditions: what a statement keeps of a table's rows and of the answer's rows."""
