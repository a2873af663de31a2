"""HTTP: operations, what goes in and out, who may ask, and errors as replies. The only package that knows statuses and headers."""
