"""Lets Beam's `--setup_file` build the package; all metadata is in pyproject.toml."""

from tempfile import TemporaryDirectory

from setuptools import setup

with TemporaryDirectory() as folder:  # setuptools packs what an earlier build left in build/, too
    setup(options={"build": {"build_base": folder}})
