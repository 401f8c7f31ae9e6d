"""Five tasks with the parts of a library, in energeia and in its peers, each a complete script."""
