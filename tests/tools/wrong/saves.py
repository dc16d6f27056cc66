"""What may a file hold that is named as a saved model?"""

from __future__ import annotations

from wrong.row import Row

ROWS: tuple[Row, ...] = ()
