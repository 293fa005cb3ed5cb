"""The contracts: what events, statements and rejections look like."""
