"""The composition root: command line, supervisor, HTTP app assembly. The only place where rooms meet."""
