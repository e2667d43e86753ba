"""``clickledger simulate``: labelled traffic sent or journalled, and what the service made of it."""
