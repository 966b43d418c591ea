"""What files were made from and what was made of them: PROV documents and pictures of a graph."""
