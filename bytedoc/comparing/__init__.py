"""Releases beside each other: the same example, the instruction sets, and who measured what."""
