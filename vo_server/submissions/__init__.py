"""Submissions of science products: collections, their releases, and the batches in which files come.

What web pages, commands and jobs know of them together: who may do what when (`states`), what is kept
(`store`), and where the bytes wait until they are published (`area`).
"""
