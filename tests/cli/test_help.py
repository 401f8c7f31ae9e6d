"""Every help answers without JAX."""

import subprocess
import sys

import pytest

from energeia.cli.arguments import COMMANDS

WORDS = [["--help"], ["--version"], ["fit", "--help"], ["fit", "x.npy", "made", "--help"]]
WORDS += [[name, "--help"] for name in COMMANDS]


@pytest.mark.process
def test_help_needs_no_jax():
    code = (
        "import sys\n"
        "from energeia.cli.main import main\n"
        f"for words in {WORDS!r}:\n"
        "    try:\n        main(words)\n"
        "    except SystemExit as end:\n        assert end.code == 0, (words, end.code)\n"
        "    print('END')\n"
        "    heavy = {'jax', 'equinox', 'scipy', 'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "    assert not heavy, (words, heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    helps = done.stdout.split("END\n")[:-1]
    assert len(helps) == len(WORDS)
    for words, said in zip(WORDS, helps, strict=True):
        assert "energeia" in said, words


@pytest.mark.process
@pytest.mark.parametrize(
    ("module", "spared"),
    [
        ("listing", {"jax", "scipy", "sklearn", "matplotlib"}),
        ("inspecting", {"jax", "sklearn", "matplotlib"}),
        ("training", {"sklearn", "matplotlib"}),
        ("using", {"sklearn", "matplotlib"}),
    ],
)
def test_commands_import_what_they_need(module, spared):
    code = f"import sys, energeia.cli.{module}\nprint(*({spared!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
    # The control: the comparison does need them.
    if module == "listing":
        code = code.replace("cli.listing", "cli.comparing")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert set(done.stdout.split()) == spared
