"""What things are: values, their legal moves and their canonical forms. Standard library only, no input or output."""
