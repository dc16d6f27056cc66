"""What is wrong with a command line?"""

from __future__ import annotations

from wrong.row import Row

PAIR = "net.py:net net.py:net"
TOML = "kerasdiff.toml"
GATE = '[pairs.a]\nreference = "net.py:net"\ncandidate = "net.py:net"\n'
ROWS: tuple[Row, ...] = (
    Row(name="gates that are not there", run="check", says=("kerasdiff.toml",)),
    Row(name="gates that do not parse", run="check", files={TOML: "[[["}, says=(TOML,)),
    Row(name="gates that are no text", run="check", files={TOML: b"\xff\xfe\0"}, says=(TOML,)),
    Row(name="gates of no pair", run="check", files={TOML: ""}, says=("pair",)),
    Row(
        name="gates with a key that does not exist", run="check", files={TOML: GATE + "colour = 1\n"}, says=("colour",)
    ),
    Row(name="gates of another type", run="check", files={TOML: "pairs = 3\n"}, says=("pairs",)),
    Row(
        name="a gate without a candidate",
        run="check",
        files={TOML: '[pairs.a]\nreference = "net.py:net"\n'},
        says=("candidate",),
    ),
    Row(name="a gate that does not exist", run="check other", files={TOML: GATE}, says=("other",)),
    Row(
        name="a gate of a file that does not exist",
        run="check",
        files={TOML: GATE.replace("net.py:net", "no.py:net")},
        silent=True,
    ),
    Row(name="a report that is none", run="show x.json", files={"x.json": "{}"}, says=("x.json",)),
    Row(
        name="a report that is cut off",
        run="show x.json",
        files={"x.json": '{"schema": "kerasdiff/1", '},
        says=("x.json",),
    ),
    Row(name="a report that is not there", run="show x.json", says=("x.json",)),
    Row(name="a list of what is not there", run="list no.py", says=("no.py",)),
    Row(name="a shell that does not exist", run="completion tcsh", says=("tcsh",)),
    Row(name="a baseline that is none", run="inspect m.kerasdiff", files={"m.kerasdiff": "x"}, says=("m.kerasdiff",)),
    Row(
        name="a baseline to be compared that is none",
        run="compare m.kerasdiff net.py:net",
        files={"m.kerasdiff": "x"},
        says=("m.kerasdiff",),
    ),
    Row(name="a baseline of what does not exist", run="lock no.py:net -o x.kerasdiff", says=("no.py",)),
    *(
        Row(
            name=f"a conversion {name}", run=f"convert net.py:net net.py:net {more}", says=says, files={"is.keras": "x"}
        )
        for name, more, says in (
            ("of no file", "--weights no.h5 -o x.keras", ("no.h5: there is no such file of weights",)),
            ("of what is no file of weights", "--weights net.py -o x.keras", ("net.py is no file of weights",)),
            ("of a damaged file", "--weights is.keras -o x.keras", ("is.keras cannot be read: it is no .keras",)),
            ("of a directory", "--weights . -o x.keras", ("without a SavedModel or a checkpoint",)),
            ("to another suffix", "-o x.h5", ("x.h5 ends in neither .weights.h5",)),
            ("to no directory", "-o no/x.keras", ("the directory of no/x.keras does not exist",)),
            ("to a file that is there", "-o is.keras", ("is.keras is there already", "--force")),
            ("to nowhere", "", ("--output",)),
        )
    ),
    Row(
        name="a conversion over what it reads",
        run="convert is.keras net.py:net -o is.keras --force",
        says=("is.keras is what is read",),
        files={"is.keras": "x"},
    ),
    Row(name="a baseline of another suffix", run="lock net.py:net -o x.txt", says=("x.txt",)),
    Row(name="a revision that does not exist", run="inspect git:nowhere:net.py:net", says=("git",)),
    Row(name="a notebook that is none", run="inspect x.ipynb:net", files={"x.ipynb": "{"}, says=("x.ipynb",)),
    Row(name="both a revision and a second model", run=f"compare --against=main {PAIR}", says=("against",)),
    Row(name="no target", run="compare", says=("REFERENCE", "compare --help")),
    Row(name="one target", run="compare net.py:net", says=("CANDIDATE",)),
    Row(name="three targets", run=f"compare {PAIR} net.py:net", says=("net.py:net",)),
    Row(name="a command that does not exist", run="comprae a b", says=("comprae",)),
    Row(name="an option that does not exist", run=f"compare {PAIR} --sed 1", says=("--sed",)),
    Row(name="an option without its value", run=f"compare {PAIR} --seed", says=("--seed",)),
    Row(name="an empty target", run="compare '' net.py:net", says=("FILE.py:NAME",)),
    Row(name="a target of blanks", run="compare '   ' net.py:net", says=("FILE.py:NAME",)),
    Row(name="a target of a colon", run="compare : net.py:net", says=("FILE.py:NAME",)),
    Row(name="markup in a target", run="compare '[red]x[/red].py:net' net.py:net", says=("[red]x[/red].py",)),
    Row(name="a line break in a target", run="compare $'a\\nb.py:net' net.py:net", says=("no such file",), own=True),
    Row(name="escapes in a target", run="compare $'\\x1b[2Jx.py:net' net.py:net", own=True),
    Row(name="bidirectional text in a target", run="compare '\u202ex.py:net' net.py:net", says=("\\u202e",)),
    Row(name="a name that no file can have", run="inspect " + "a" * 5000 + ".py:net", says=("too long",)),
    Row(name="a target that is no text", run="inspect $'\\xff.py:net'", own=True, says=("no such file",)),
    Row(name="a shape of words", run=f"compare {PAIR} --input big", says=("--input 'big'",)),
    Row(name="a shape below zero", run=f"compare {PAIR} --input=-3", says=("--input '-3'",)),
    Row(name="a shape of zero", run=f"compare {PAIR} --input 0", says=("'0' is not a dimension",)),
    Row(name="a shape of a fraction", run=f"compare {PAIR} --input 1.5", says=("--input '1.5'",)),
    Row(name="a dtype that does not exist", run=f"compare {PAIR} --input 4:int33", says=("'int33' is not a dtype",)),
    Row(name="a range without values", run=f"compare {PAIR} --input 4@9..1", says=("9 is above 1",)),
    Row(name="a range of nan", run=f"compare {PAIR} --input 4@nan..1", says=("range",)),
    Row(name="a range without end", run=f"compare {PAIR} --input 4@0..inf", says=("range",)),
    Row(
        name="a shape beyond all memory", run=f"compare {PAIR} --input 99999999999", says=("99999999999",), worker=True
    ),
    Row(name="an input twice", run=f"compare {PAIR} --input a=4 --input a=4", says=("a",), worker=True),
    Row(name="arguments that do not parse", run="compare 'net.py:net(1+)' net.py:net", says=("does not parse",)),
    Row(name="arguments without names", run="compare 'net.py:net(1)' net.py:net", says=("net",)),
    Row(name="an argument that the model lacks", run="compare 'net.py:net(w=1)' net.py:net", says=("takes no arg",)),
    Row(name="an argument twice", run="compare 'net.py:net(a=1, a=2)' net.py:net", says=("a",)),
    Row(
        name="arguments nested too deep",
        run="inspect 'net.py:net(a=" + "(" * 300 + ")" * 300 + ")'",
        says=("net.py:net",),
    ),
    Row(name="a seed below zero", run=f"compare {PAIR} --seed -1", says=("--seed",)),
    Row(name="a time-out of nothing", run=f"compare {PAIR} --timeout 0", says=("--timeout",)),
    Row(name="a time-out of nan", run=f"compare {PAIR} --timeout nan", says=("--timeout",)),
    Row(name="a search of nan", run=f"compare {PAIR} --search nan", says=("--search",)),
    Row(name="a search of minus one", run=f"compare {PAIR} --search -1", says=("--search",)),
    Row(name="a device that does not exist", run=f"compare {PAIR} --device tpu", says=("--device",)),
    Row(name="something that cannot be ignored", run=f"compare {PAIR} --ignore colour", says=("colour",)),
    Row(name="evidence that does not exist", run=f"compare {PAIR} --require faith", says=("faith",)),
    Row(name="a format that does not exist", run=f"compare {PAIR} --format word", says=("word",)),
    Row(name="a page where no directory is", run=f"compare {PAIR} --html none/page.html", says=("none/page.html",)),
    Row(name="a page over a directory", run=f"fit {PAIR} --html .", says=(". is a directory",)),
    Row(name="a page in the place of JSON", run=f"compare {PAIR} --html a --format json=a", says=("one file",)),
    Row(name="a page of no name", run="inspect net.py:net --html ''", says=("is a directory",)),
    Row(name="pages over a file", run="check --html net.py", files={TOML: GATE}, says=("net.py",)),
    Row(name="pages where no directory is", run="check --html none/pages", files={TOML: GATE}, says=("none/pages",)),
    Row(name="a page where a directory is", run="check --html .", files={TOML: GATE, "a.html/b": ""}, says=("a.html",)),
    Row(name="pages of a proof", run="check --mutate --html pages", files={TOML: GATE}, says=("not as pages",)),
    Row(name="a fit of no step", run=f"compare {PAIR} --fit-steps 0", says=("--fit-steps",)),
    Row(name="a fit required and left out", run=f"compare {PAIR} --no-fit --data net.py", says=("net.py",)),
    Row(name="no seeds to fit with", run=f"fit {PAIR} --seeds 0", says=("--seeds",)),
    Row(name="a budget of words", run=f"fit {PAIR} --budget soon", says=("--budget",)),
    Row(name="a margin below zero", run=f"fit {PAIR} --margin -1", says=("--margin",)),
    Row(name="an optimizer that does not exist", run=f"fit {PAIR} --optimizer best", says=("best",), worker=True),
    Row(name="a learning rate of nan", run=f"fit {PAIR} --learning-rate nan", says=("--learning-rate",)),
    Row(name="a witness of one target", run="replay net.py net.py:net", says=("REFERENCE and CANDIDATE",)),
)
