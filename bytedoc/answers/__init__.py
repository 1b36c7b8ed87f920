"""What interpreters answer, typed: a module for each kind of answer."""
