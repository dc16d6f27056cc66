"""The same models of Keras 2."""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

from models import *  # noqa: F403
