"""Draws lines as SVG: reads a Vega-Lite specification on stdin, and writes SVG to stdout."""

import sys

import vl_convert

if __name__ == "__main__":
    sys.stdout.write(vl_convert.vegalite_to_svg(sys.stdin.read()))
