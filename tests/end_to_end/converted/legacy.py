"""The same models of Keras 2."""

from pathlib import Path

exec(Path(__file__).with_name("old.py").read_text().replace("import keras", "import tf_keras as keras"))
