"""The life of a release: batches are checked, stored, published in one transaction, and taken back.

The way of a batch is in `vo_server.submissions.states`; here is what its steps do to files and tables.
"""
