"""Pictures of products: previews with coordinates and scales, and thumbnails."""
