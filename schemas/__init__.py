"""The contracts of manyhands: what events, statements and rejections look like."""
