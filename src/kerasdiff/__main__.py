"""``python -m kerasdiff``."""

import os
import sys

# Python looks for modules in the current directory first, where a `keras.py` or `random.py` of the user's may lie. What
# the command imports begins as with `kerasdiff`; a checkout that is run from its own folder is found behind the rest.
if not getattr(sys.flags, "safe_path", False) and sys.path and sys.path[0] in ("", os.getcwd()):
    here = sys.path.pop(0)
    if os.path.dirname(os.path.dirname(os.path.abspath(__file__))) == os.getcwd():
        sys.path.append(here)

from kerasdiff.cli import main

if __name__ == "__main__":
    main(prog_name="kerasdiff")
