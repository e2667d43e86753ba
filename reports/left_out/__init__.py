"""What the money of a report leaves out: conversions in currencies it can't add up."""
