"""Read and change what the pages without sign-in show."""
