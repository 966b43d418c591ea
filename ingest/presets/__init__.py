"""The mappings that come with the product; operators add their own directory of such files."""
