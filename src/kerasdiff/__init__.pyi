# What the names of the package are, which it imports when they are asked for; a test compares both.
from kerasdiff.api.calls import assert_equivalent as assert_equivalent
from kerasdiff.api.calls import compare as compare
from kerasdiff.api.calls import convert as convert
from kerasdiff.api.calls import fit as fit
from kerasdiff.api.calls import inspect as inspect
from kerasdiff.api.results import Converted as Converted
from kerasdiff.api.results import Edit as Edit
from kerasdiff.api.results import InconclusiveError as InconclusiveError
from kerasdiff.api.results import Inspection as Inspection
from kerasdiff.api.results import NotEquivalentError as NotEquivalentError
from kerasdiff.api.results import Result as Result
from kerasdiff.api.upgrading import upgrade as upgrade
from kerasdiff.errors import KerasdiffError as KerasdiffError

__version__: str
