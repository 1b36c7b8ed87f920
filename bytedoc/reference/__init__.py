"""The reference of instructions: what a project says of each, held against the interpreters."""
