"""What a form offers to choose from: the values that dimensions have for a caller at present."""
