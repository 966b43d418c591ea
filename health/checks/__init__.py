"""What is asked of the running server, a file for each thing that is looked at."""
