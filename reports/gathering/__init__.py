"""Gathering: what each table contributes to a report, by the values it is sliced by."""
