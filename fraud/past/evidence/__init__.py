"""Evidence packs: everything about one conversion, signed."""
