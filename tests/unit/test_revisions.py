"""Files of a revision: found, laid out as they were, and nothing of the repository touched."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_repository import ALONE, MadeRepository

from kerasdiff.errors import KerasdiffError, TargetError
from kerasdiff.report.wording import commit
from kerasdiff.side.listing.finding import listed
from kerasdiff.side.reading.early import check, read_target
from kerasdiff.side.revisions.commits import base_of, changed_since, commit_of
from kerasdiff.side.revisions.finding import searched
from kerasdiff.side.revisions.git import repository_of
from kerasdiff.side.revisions.layout import laid_out
from kerasdiff.side.revisions.records import Revision
from kerasdiff.side.revisions.targets import against, of_revision, pinned

MODEL = "import keras\nfrom layers import head\n\n\ndef build():\n    return head()\n"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in os.environ if name.startswith("GIT")]:
        monkeypatch.delenv(name)
    for name, text in ALONE.items():
        monkeypatch.setenv(name, text)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeRepository:
    """A file that imports the one beside it, whose function is another one on the branch ``topic``."""
    repository = MadeRepository(tmp_path / "repo")
    repository.commit({"model.py": MODEL, "layers.py": "def head(): ...\n", "sub/a.py": "def f(): ...\n"}, "Begin")
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit({"layers.py": "def head(): 'new'\n", "new.py": "def g(): ...\n"}, "Change the head")
    monkeypatch.chdir(repository.top)
    return repository


def revision_of(made: MadeRepository, name: str) -> Revision:
    repository = repository_of(made.top)
    assert repository is not None
    return laid_out(repository, commit_of(repository, name))


def files(root: str | Path) -> set[str]:
    return {str(path.relative_to(root)) for path in Path(root).rglob("*") if path.is_file() or path.is_symlink()}


# What a target names -----------------------------------------------------------------------------------------


def test_a_target_of_a_revision_is_one_of_its_files(made: MadeRepository):
    target = of_revision("git:main:model.py:build(width=3)")

    assert (target.text, target.kind, target.name) == ("git:main:model.py:build(width=3)", "file", "build")
    assert target.place == "git:main:model.py"
    assert target.revision is not None
    assert (target.revision.commit.subject, target.revision.commit.commit) == ("Begin", made.git("rev-parse", "main"))
    assert Path(target.location) == Path(target.revision.root) / "model.py"
    assert target.here == target.revision.root
    assert files(target.revision.root) == {"model.py", "layers.py", "sub/a.py"}
    assert not Path(target.revision.root).is_relative_to(made.top)


def test_a_path_is_relative_to_the_current_directory_or_else_to_the_root(
    made: MadeRepository, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(made.top / "sub")

    for text in ("git:main:a.py:f", "git:main:sub/a.py:f", "git:main:./a.py:f", f"git:main:{made.top}/sub/a.py:f"):
        target = of_revision(text)
        assert target.location.endswith("/repo/sub/a.py"), text
        assert target.here.endswith("/repo/sub"), text
    assert of_revision("git:main:../model.py:build").location.endswith("/repo/model.py")


def test_a_repository_is_found_by_the_path_as_well(made: MadeRepository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(made.top.parent)

    target = of_revision("git:main:repo/model.py:build")

    assert target.location.endswith("/repo/model.py")
    assert target.here == str(made.top.parent)


def test_hooks_may_have_named_another_index_and_work_tree(made: MadeRepository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_INDEX_FILE", str(made.top / ".git" / "index.other"))
    monkeypatch.setenv("GIT_DIR", "/nowhere")

    assert Path(of_revision("git:main:model.py:build").location).is_file()
    assert not (made.top / ".git" / "index.other").exists()


def test_a_file_alone_is_its_one_model(made: MadeRepository):
    target = read_target("git:main:model.py")

    assert (target.name, target.found, target.text) == ("build", True, "git:main:model.py")
    assert target.revision is not None
    assert read_target("model.py", at="main").name == read_target("model", at="main").name == "build"
    (listing,) = listed("git:main:model.py")
    assert [item.target for item in listing.names] == ["git:main:model.py:build"]


def test_modules_saved_files_and_bare_repositories_have_revisions(made: MadeRepository, tmp_path: Path):
    assert of_revision("git:main:model:build").kind == "module"

    bare = tmp_path / "bare.git"
    made.git("clone", "--quiet", "--bare", ".", str(bare))
    os.chdir(bare)
    assert Path(of_revision("git:main:model.py:build").location).read_text() == MODEL


def test_against_is_the_same_target_at_a_revision(made: MadeRepository):
    target = against("model.py:build", "main")
    assert target.text == "git:main:model.py:build"

    (made.top / "model.py").unlink()
    made.commit({"network.py": MODEL + "\n"}, "Rename")
    target = against("network.py:build", "main")
    assert (target.text, Path(target.location).name) == ("git:main:model.py:build", "model.py")


def test_a_text_is_pinned_by_the_hash(made: MadeRepository):
    main = made.git("rev-parse", "main")

    assert pinned(of_revision("git:main:model.py:build(a='b:c')")) == f"git:{main}:model.py:build(a='b:c')"
    assert pinned(read_target("model.py:build")) == "model.py:build"


# Which commit ------------------------------------------------------------------------------------------------


def branch_of(made: MadeRepository) -> tuple[str, str]:
    repository = repository_of(made.top)
    assert repository is not None
    base = base_of(repository)
    assert base.merge_base
    return base.branch, base.subject


def test_the_default_is_the_merge_base_with_the_branch_that_work_goes_to(
    made: MadeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert branch_of(made) == ("main", "Begin")

    other = MadeRepository(tmp_path / "clone")
    other.git("remote", "add", "origin", str(made.top))
    other.git("fetch", "--quiet", "origin")
    other.git("checkout", "--quiet", "-b", "mine", "origin/topic")
    assert branch_of(other) == ("origin/topic", "Change the head")  # its upstream branch
    other.git("branch", "--quiet", "--unset-upstream")
    assert branch_of(other) == ("origin/main", "Begin")
    other.git("checkout", "--quiet", "topic")  # whose upstream is a copy of it
    assert branch_of(other) == ("origin/main", "Begin")
    other.git("remote", "set-head", "origin", "topic")
    assert branch_of(other) == ("origin/topic", "Change the head")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert branch_of(other) == ("origin/main", "Begin")
    monkeypatch.setenv("GITHUB_BASE_REF", "gone")
    with pytest.raises(TargetError, match=r"goes to gone, which the clone in .* lacks") as caught:
        branch_of(other)
    assert caught.value.details == "git fetch origin gone"


def test_a_base_that_is_what_is_here_is_said_to_be(made: MadeRepository):
    made.git("checkout", "--quiet", "main")
    repository = repository_of(made.top)
    assert repository is not None

    same = base_of(repository)
    assert same.unchanged
    assert commit(same).endswith(
        "Begin (merge base with main; nothing has changed since, so it is compared with itself)"
    )
    made.write({"untracked.py": ""})
    assert not base_of(repository).unchanged


def test_a_branch_that_a_remote_alone_has_is_taken_for_the_name(made: MadeRepository, tmp_path: Path):
    other = MadeRepository(tmp_path / "clone")
    other.git("remote", "add", "origin", str(made.top))
    other.git("fetch", "--quiet", "origin")
    other.git("checkout", "--quiet", "--detach", "origin/topic")
    repository = repository_of(other.top)
    assert repository is not None

    commit = commit_of(repository, "main")
    assert (commit.subject, commit.branch) == ("Begin", "origin/main")
    assert commit_of(repository, "topic~1").commit == commit.commit


def test_changed_files_are_those_of_commits_of_the_index_and_new_ones(made: MadeRepository):
    repository = repository_of(made.top)
    assert repository is not None
    made.write({"model.py": "", "untracked.py": "", "ignored.py": "", ".gitignore": "ignored.py\n"})
    (made.top / "sub" / "a.py").unlink()

    changed = changed_since(repository, commit_of(repository, "main"))

    names = [str(path.relative_to(made.top)) for path in changed]
    assert names == [".gitignore", "layers.py", "model.py", "new.py", "sub/a.py", "untracked.py"]


# What is laid out --------------------------------------------------------------------------------------------


def test_nothing_of_a_repository_is_touched(made: MadeRepository):
    made.git("worktree", "add", "--quiet", "../linked", "main")
    made.git("config", "core.splitIndex", "true")
    made.git("config", "core.fsmonitor", "true")
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        made.write({f".git/hooks/{hook}": "#!/bin/sh\ntouch ran\n"})
        (made.top / ".git" / "hooks" / hook).chmod(0o755)
    made.write({"model.py": MODEL + "# edited\n", "untracked.py": ""})
    os.utime(made.top / "layers.py", (1, 1))  # the index does not know of it
    before = made.state()

    of_revision("git:main:model.py:build")
    against("model.py:build", "auto")
    with pytest.raises(TargetError):
        of_revision("git:main:untracked.py:build")

    assert made.state() == before


def test_attributes_for_releases_and_sparse_checkouts_leave_nothing_out(made: MadeRepository):
    attributes = "data/* export-ignore\nv.py export-subst\n* text=auto\n"
    tracked = {".gitattributes": attributes, "data/table.csv": "1\n", "v.py": "V = '$Format:%H$'\n"}
    made.commit(tracked, "Add data")
    made.git("sparse-checkout", "set", "sub")

    root = Path(revision_of(made, "topic").root)

    assert {name: (root / name).read_text() for name in tracked} == tracked


def test_links_lead_where_they_led(made: MadeRepository, tmp_path: Path):
    (tmp_path / "outside.txt").write_text("outside")
    (made.top / "inside.py").symlink_to("layers.py")
    (made.top / "full.py").symlink_to(made.top / "layers.py")
    (made.top / "sub" / "out.txt").symlink_to("../../outside.txt")
    made.commit({}, "Add links")
    made.write({"layers.py": "now"})

    root = Path(revision_of(made, "topic").root)

    assert (root / "inside.py").read_text() == (root / "full.py").read_text() == "def head(): 'new'\n"
    assert (root / "sub" / "out.txt").read_text() == "outside"


def test_files_of_lfs_are_filled_in_from_this_machine_or_left_out(made: MadeRepository):
    content = b"numbers"
    here, lost = hashlib.sha256(content).hexdigest(), "0" * 64
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 7\n"
    store = made.top / ".git" / "lfs" / "objects" / here[:2] / here[2:4]
    store.mkdir(parents=True)
    (store / here).write_bytes(content)
    attributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
    made.commit({".gitattributes": attributes, "a.bin": pointer.format(here), "b.bin": pointer.format(lost)}, "Add")
    made.git("config", "filter.lfs.process", "false")
    made.git("config", "filter.lfs.required", "true")

    revision = revision_of(made, "topic")

    assert (Path(revision.root) / "a.bin").read_bytes() == content
    assert not (Path(revision.root) / "b.bin").exists()
    assert revision.missing == ("b.bin",)


def test_submodules_are_laid_out_at_their_commit_where_this_machine_has_it(made: MadeRepository, tmp_path: Path):
    below = MadeRepository(tmp_path / "below")
    below.commit({"part.py": "PART = 1\n"}, "Begin")
    made.git("submodule", "--quiet", "add", str(below.top), "vendor/part")
    made.commit({}, "Add a submodule")
    inner = MadeRepository(made.top / "vendor" / "part")
    inner.commit({"part.py": "PART = 2\n"}, "Change")
    before = made.state()

    revision = revision_of(made, "topic")
    assert (Path(revision.root) / "vendor" / "part" / "part.py").read_text() == "PART = 1\n"
    assert revision.missing == ()
    assert made.state() == before
    assert of_revision("git:topic:vendor/part/part.py:PART").location.startswith(revision.root)

    made.git("submodule", "--quiet", "deinit", "--force", "vendor/part")
    made.commit({"sub/b.py": ""}, "Another")
    assert revision_of(made, "topic").missing == ("vendor/part",)


def test_files_that_a_clone_lacks_are_left_out(made: MadeRepository):
    digest = made.git("rev-parse", "topic:layers.py")
    (made.top / ".git" / "objects" / digest[:2] / digest[2:]).unlink()

    revision = revision_of(made, "topic")

    assert files(revision.root) == {"model.py", "sub/a.py", "new.py"}
    assert revision.missing == ("layers.py",)


def test_a_commit_is_laid_out_once_and_gone_with_the_process(
    made: MadeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "own"))  # where no other process clears up
    program = (
        "import os, signal, sys\n"
        "from kerasdiff.side.revisions.targets import of_revision\n"
        "one, two = of_revision('git:main:model.py:build'), of_revision('git:main~0:layers.py:head')\n"
        "assert one.revision.root == two.revision.root and (one.revision.commit.name, two.revision.commit.name)"
        " == ('main', 'main~0')\n"
        "if os.fork() == 0:\n    sys.exit()\n"  # a copy of the process ends first
        "os.wait()\nassert os.path.isfile(one.location)\nprint(one.revision.root, flush=True)\n"
        "os.kill(os.getpid(), getattr(signal, sys.argv[1])) if sys.argv[1:] else None\n"
    )

    def left(*arguments: str) -> Path:
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        return Path(done.stdout.strip()).parent

    assert not left().exists()
    assert not left("SIGINT").exists()
    killed = left("SIGKILL")
    assert killed.exists()
    left()
    assert not killed.exists()


# Where modules are found -------------------------------------------------------------------------------------


def test_modules_of_the_repository_are_those_of_the_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = MadeRepository(tmp_path / "repo")
    made.commit(
        {"src/pkgx/__init__.py": "", "src/pkgx/old.py": "", "src/spacex/part.py": "", "tool/one.py": ""}, "Begin"
    )
    (made.top / "src" / "pkgx" / "old.py").unlink()
    made.commit({"src/pkgx/new.py": "", "src/pkgx/old2.py": "", ".gitignore": "_version.py\n.venv\n"}, "Change")
    made.write(
        {
            "src/pkgx/_version.py": "",
            ".venv/lib/python3/site-packages/libx/__init__.py": "",
            "libs/d.dist-info/RECORD": "",
            "libs/otherx.py": "",
            "clone/.git/HEAD": "",
            "clone/clonedx.py": "",
        }
    )
    monkeypatch.chdir(made.top)
    for folder in ("src", ".venv/lib/python3/site-packages", "libs", "clone"):
        monkeypatch.syspath_prepend(str(made.top / folder))
    revision = revision_of(made, "HEAD~1")
    before = list(sys.path), list(sys.meta_path)

    with searched(revision):
        spec = importlib.util.find_spec("pkgx")
        assert spec is not None
        assert spec.origin == f"{revision.root}/src/pkgx/__init__.py"
        assert [*importlib.util.find_spec("spacex").submodule_search_locations] == [f"{revision.root}/src/spacex"]
        assert importlib.util.find_spec("libx").origin.startswith(str(made.top / ".venv"))
        assert importlib.util.find_spec("otherx").origin == str(made.top / "libs" / "otherx.py")
        assert importlib.util.find_spec("clonedx").origin == str(made.top / "clone" / "clonedx.py")
    assert (list(sys.path), list(sys.meta_path)) == before


class Editable:
    """The finder of an editable install, as setuptools writes one: names by their place."""

    def __init__(self, **places: Path) -> None:
        self.places = places

    def find_spec(self, name: str, path: object = None, target: object = None):
        place = self.places.get(name)
        if place is None:
            return None
        folders = [str(place.parent)] if place.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(name, place, submodule_search_locations=folders)


def test_finders_of_editable_installs_lead_to_the_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = MadeRepository(tmp_path / "repo")
    made.commit({"python/pkgx/__init__.py": "", "python/pkgx/layers.py": ""}, "Begin")
    made.commit({"python/newx.py": ""}, "Change")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "elsex.py").write_text("")
    (tmp_path / "link").symlink_to(made.top)
    finder = Editable(
        pkgx=tmp_path / "link" / "python" / "pkgx" / "__init__.py",
        newx=made.top / "python" / "newx.py",
        elsex=tmp_path / "other" / "elsex.py",
    )
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    revision = revision_of(made, "main~1")

    with searched(revision):
        spec = importlib.util.find_spec("pkgx")
        assert spec is not None
        assert spec.origin == f"{revision.root}/python/pkgx/__init__.py"
        assert spec.submodule_search_locations == [f"{revision.root}/python/pkgx"]
        assert importlib.util.find_spec("elsex").origin == str(tmp_path / "other" / "elsex.py")
        with pytest.raises(ModuleNotFoundError):
            importlib.util.find_spec("newx")


def test_a_package_that_is_installed_as_a_copy_is_that_of_the_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = MadeRepository(tmp_path / "repo")
    made.commit({"src/pkgx/__init__.py": ""}, "Begin")
    made.commit({"newx.py": "", "removedx.py": ""}, "Change")
    site = tmp_path / "env" / "site-packages"
    installed = {
        "pkgx-1.dist-info/direct_url.json": f'{{"url": "file://{made.top}", "dir_info": {{}}}}',
        "pkgx-1.dist-info/RECORD": "pkgx/__init__.py,sha256=x,0\nnewx.py,,\n",
        "elsex-1.dist-info/direct_url.json": '{"url": "file:///elsewhere", "dir_info": {}}',
        "elsex-1.dist-info/RECORD": "elsex.py,,\n",
    }
    for name in (*installed, "pkgx/__init__.py", "newx.py", "elsex.py"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(installed.get(name, ""))
    monkeypatch.syspath_prepend(str(site))
    revision = revision_of(made, "HEAD~1")

    with searched(revision) as finder:
        assert importlib.util.find_spec("pkgx").origin == f"{revision.root}/src/pkgx/__init__.py"
        assert importlib.util.find_spec("elsex").origin == str(site / "elsex.py")
        with pytest.raises(ModuleNotFoundError):
            importlib.util.find_spec("newx")
    assert finder.copies == ["pkgx", "newx"]


# Mistakes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("git:main", "names no model of a revision: write git:REVISION:FILE.py:NAME"),
        ("git::model.py:build", "names no model of a revision"),
        ("git:main:", "names no model of a revision"),
        ("git:maim:model.py:build", "maim: there is no such branch, tag or commit in .*; nearest: main"),
        ("git:--upload-pack=x:model.py:build", "no revision begins with a dash"),
        ("git:main^{tree}:model.py:build", "that is no commit of"),
        ("git:$(touch ran):model.py:build", "there is no such branch"),
        ("git:main:modle.py:build", r"there is no modle.py at main \(\w+\)"),
        ("git:main:new.py:g", r"there is no new.py at main \(\w+\)"),
        ("git:main:sub:build", "sub is a directory at main"),
        ("git:main:.:build", "is a directory at main"),
        ("git:main:../elsewhere/a.py:f", "is in no git repository"),
        ("git:main:model.py:biuld", "model.py defines no biuld; nearest: build"),
        ("git:main:modell:build", "there is no module modell"),
    ],
)  # fmt: skip
def test_mistakes_are_told(made: MadeRepository, text: str, says: str):
    with pytest.raises(KerasdiffError, match=says):
        check(read_target(text), ())
    assert not (made.top / "ran").exists()


def test_a_renamed_file_is_named(made: MadeRepository):
    (made.top / "model.py").unlink()
    made.commit({"network.py": MODEL}, "Rename")

    with pytest.raises(TargetError, match=r"it was called model.py then: write git:main:model.py:build\(2\)\."):
        of_revision("git:main:network.py:build(2)")


def test_a_file_of_the_same_name_elsewhere_is_near(made: MadeRepository):
    with pytest.raises(TargetError) as caught:
        of_revision("git:main:a.py:f")

    assert caught.value.details == "Nearest: sub/a.py."


def test_a_shallow_clone_is_said_to_be_one(made: MadeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made.git("clone", "--quiet", "--depth=1", "--branch=topic", f"file://{made.top}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")

    for text in ("git:main:model.py:build", "git:HEAD~1:model.py:build"):
        with pytest.raises(TargetError) as caught:
            of_revision(text)
        assert "fetch-depth: 0" in caught.value.details
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    with pytest.raises(TargetError) as caught:
        against("model.py:build", "auto")
    assert "fetch-depth: 0" in caught.value.details


def test_no_repository_no_commit_and_no_git_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    with pytest.raises(TargetError, match="is in no git repository, so there is no revision of it"):
        of_revision("git:main:model.py:build")

    MadeRepository(tmp_path)
    with pytest.raises(TargetError, match="has no commit yet"):
        of_revision("git:main:model.py:build")
    with pytest.raises(TargetError, match="has no commit yet"):
        against("model.py:build", "auto")

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetError, match="git is not installed, or not on the PATH"):
        of_revision("git:main:model.py:build")


def test_a_repository_without_a_base_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = MadeRepository(tmp_path)
    made.commit({"model.py": MODEL}, "Begin")
    made.git("branch", "--move", "work")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(TargetError, match="There is no branch to compare with by default"):
        against("model.py:build", "auto")


def test_no_room_is_told(made: MadeRepository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", "/proc")

    with pytest.raises(TargetError, match="No directory can be made for the files of a revision"):
        of_revision("git:main:model.py:build")
