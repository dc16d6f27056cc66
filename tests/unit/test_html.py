"""The page of a comparison: what it brings along, and that names in it are text."""

from __future__ import annotations

import gzip
import hashlib
import json
from importlib.resources import files

import report_samples as samples

from kerasdiff.report.html import to_html
from kerasdiff.report.html.assets import assets
from kerasdiff.report.named import Named

HOME = files("kerasdiff.report.html")


def test_libraries_of_others_are_unmodified_and_come_with_their_licences() -> None:
    vendor = HOME / "vendor"
    held = json.loads((vendor / "vendor.json").read_text())
    seen = {"vendor.json"}

    for library in held.values():
        for name, file in library["files"].items():
            content = (vendor / name).read_bytes()
            content = gzip.decompress(content) if name.endswith(".gz") else content
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == file["digest"], name
            seen.add(name)
        assert any("LICENSE" in name for name in library["files"])
    assert {file.name for file in vendor.iterdir()} == seen


def test_a_page_is_one_file_with_one_style_and_one_script() -> None:
    page = to_html(Named.of(samples.forum()))

    assert page.startswith("<!doctype html>")
    assert page.count("<style") == 1
    assert page.count("<script>") == 1


def test_nothing_that_a_page_brings_along_ends_the_element_it_stands_in() -> None:
    brought = assets()

    assert "</script" not in brought.script.lower()
    assert "<!--" not in brought.script
    assert "</style" not in brought.style.lower()
