"""What is offered over HTTP, a module a kind: declarations and the functions that answer them."""
