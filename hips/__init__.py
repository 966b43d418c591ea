"""Static HiPS of the images of a collection, for Aladin and Aladin Lite (HiPS 1.0)."""
