"""How does a comparison look in a browser? One file that holds all it needs and asks no network.

Imported by cli and api, late: templates and the highlighting of code take a tenth of a second to import.
"""

from kerasdiff.report.html.index import index_html
from kerasdiff.report.html.inspected import inspected_html
from kerasdiff.report.html.page import to_html

__all__ = ["index_html", "inspected_html", "to_html"]
