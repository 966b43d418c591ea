"""Simple Image Access 1.0, for the clients that came before SIA 2.0: images and cubes in a box of the sky."""
