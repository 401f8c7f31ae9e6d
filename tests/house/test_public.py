"""The parts are a library: what each room offers is there, documented, listed, and complete."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import energeia
from energeia._core.lazy import exports

SOURCE = Path(energeia.__file__).parent
ROOMS = sorted(p.parent.name for p in SOURCE.glob("*/__init__.pyi"))

INTERNAL = {
    "bijections": {"Bin"},
    "distributions": {
        "Base",
        "Belief",
        "NormalPrediction",
        "CodeTables",
        "Conditioned",
        "MixtureChoice",
        "MixturePrior",
        "MixtureRows",
    },
    "data": {"DataRequest", "LoadedRows", "IsingSource", "Modes", "PlanarSource", "RowCheck"}
    | {
        "Declared",
        "TextTable",
        "FreeFieldSource",
        "StandardizedRows",
        "Summary",
        "Toy",
        "VonMisesFisherMixture",
        "Maker",
    },
    "evaluation": {"AnomalyReport", "Calibration", "DigitClassifier", "HeldOutDigit"}
    | {"Neighborhood", "StateQuantities", "ReducedState", "ScoredStrings", "StackedReport"}
    | {"TargetEvaluation", "Unweighted"}
    | {"Axis", "ChartDensity", "ChartEnergy", "MapPart", "OfReals", "Subject", "UnitsMap"},
    "energies": {"DualSolution", "MissingTarget", "OfStandardizedCondition", "WrappedEnergy"},
    "mcmc": {"DualAverage", "GeodesicState", "GibbsState", "HeatBathState", "LangevinState"}
    | {
        "ClusterState",
        "Ladder",
        "MalaState",
        "PreconditionedState",
        "SmcPlan",
        "Stretched",
        "TemperedState",
    },
    "models": {"BoundTerms", "LatentDraws", "Slots", "Measurement", "CompletionInUnits", "InUnits"}
    | {"EnsembleCompletion", "SymmetrizedCompletion", "LatentPosterior", "NoisyGenerator"}
    | {"VaeJoint"},
    "objectives": {"Draws", "InformationEncoder", "JointStatistics", "PersistentChains", "Proposal"}
    | {"Posteriors", "Scaling", "Scored", "SeparableStatistics", "StatisticsTraining"},
    "nn": {"Weights"},
    "physics": {"NamedSymmetry", "RowPowers"},
    "recipes": {"Field", "GeneratorPlayer", "StackMember"},
    "report": {
        "Cloud",
        "Column",
        "HasFolder",
        "KindStyle",
        "LandscapePicture",
        "ModelPart",
        "Mosaic",
    }
    | {"ObservableLine", "Page", "TableCell", "TargetLine"}
    | {"LatentCell", "LatentLine", "LatentPart", "LatentPicture", "LatentSection", "PairTable"},
    "runs": {
        "LatentSubject",
        "Borrowed",
        "Disk",
        "Holes",
        "RowFile",
        "RowProgress",
        "TomographyResult",
        "Header",
        "Interruptible",
        "Keys",
        "ProgressLine",
        "Rows",
        "DrawnRows",
        "Saved",
    }
    | {
        "Costs",
        "Job",
        "Plan",
        "Session",
        "ResumePoint",
        "Share",
        "Shares",
        "StateEvaluation",
        "StateScores",
        "TargetSubject",
        "Timing",
        "TomographyRequest",
        "Trial",
    },
    "training": {
        "DrawnByWeight",
        "WeightedOrder",
        "ChunkInputs",
        "ConditionBatches",
        "Engine",
        "Resident",
        "ShuffledOrder",
        "Streamed",
    },
}
"""Public to the other modules of energeia, and free to change; options have a name in a recipe."""


def listed(doc):
    """The names in the table of a docstring."""
    return set(re.findall(r"^(\w+)  +\S", inspect.cleandoc(doc), re.MULTILINE))


def public_classes(room):
    found = set()
    for info in pkgutil.walk_packages([str(SOURCE / room)], f"energeia.{room}."):
        module = importlib.import_module(info.name)
        for name, thing in vars(module).items():
            own = inspect.isclass(thing) and thing.__module__ == info.name
            if own and not name.startswith("_") and not name.endswith("Options"):
                found.add(name)
    return found


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_every_name_resolves_and_is_documented(room):
    module = importlib.import_module(f"energeia.{room}".rstrip("."))
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing):
            assert thing.__doc__, name


@pytest.mark.parametrize("room", ROOMS)
def test_the_table_of_a_room_lists_its_members(room):
    module = importlib.import_module(f"energeia.{room}")
    members = {n for n in module.__all__ if not inspect.ismodule(getattr(module, n))}
    assert listed(module.__doc__) == members


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_no_name_is_hidden_by_a_module_of_the_same_name(room):
    folder = SOURCE / room
    names = exports(folder / "__init__.pyi")
    package = f"energeia.{room}".rstrip(".")
    assert not {n for n, m in names.items() if m != package and (folder / f"{n}.py").exists()}


@pytest.mark.parametrize("room", ROOMS)
def test_a_public_class_is_exported_or_internal(room):
    exported = set(exports(SOURCE / room / "__init__.pyi"))
    classes, internal = public_classes(room), INTERNAL.get(room, set())
    assert classes - exported == internal


def test_a_misspelled_name_names_its_neighbor():
    with pytest.raises(AttributeError, match="no attribute 'Splin'") as caught:
        _ = energeia.bijections.Splin
    assert caught.value.name == "Splin"
    assert "Spline" in dir(caught.value.obj)


@pytest.mark.process
def test_importing_every_room_loads_no_jax():
    code = "import sys, energeia\n"
    code += "".join(f"import energeia.{room}\n" for room in ROOMS)
    code += "print(*({'jax', 'scipy', 'sklearn', 'matplotlib'} & set(sys.modules)))\n"
    # The control: a member does.
    code += "energeia.bijections.Spline\nprint('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["", "True"]


def test_the_controls_are_caught(tmp_path):
    stub = tmp_path / "__init__.pyi"
    stub.write_text("from somewhere import a as a\nfrom somewhere import b\nc: int\n")
    assert exports(stub) == {"a": "somewhere"}
    assert listed("Title.\n\n    Chain  one after another\n") == {"Chain"}
    assert "Spline" in public_classes("bijections")
