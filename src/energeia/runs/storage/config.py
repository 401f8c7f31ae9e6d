"""The configuration of a run: immutable, validated, with all defaults. Needs no JAX."""

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec
import tomli_w

from energeia._core.errors import InputError, nearest
from energeia._core.paths import refuse_special_file
from energeia._core.ranges import Count, Finite, Positive, Seed, Share, require_in, require_ranges
from energeia.recipes.catalogue import RECIPES


class DataConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The source of the rows, and how they are read and split."""

    spec: str = ""
    """A file, or a named source with parameters; empty where rows are given beside it."""
    support: str = ""
    """Overrides of the inferred support, as ``lifetime:positive; 1-3:circle(-3.2,3.2)``; conditions
    by name."""
    findings: bool = True
    """Apply bounds and periods that the values of the other columns show clearly."""
    drop_bad_rows: bool = False
    """Leave out rows with NaN or infinity."""
    drop_columns: tuple[str, ...] = ()
    """Columns to leave out, by number or name."""
    condition: tuple[str, ...] = ()
    """Columns to condition on, by number or name."""
    weight: str = ""
    """The column of weights, by number or name; it is not modeled."""
    errors: tuple[str, ...] = ()
    """Columns that were measured with errors, each with the column of its standard errors, as
    ``x:x_err``; the latter is not modeled."""
    seed: Seed = 0
    """Seed of a named source's samples and of the split."""
    blocks: bool = False
    """Split into contiguous blocks, for rows that are ordered in time."""
    fractions: tuple[Share, Share, Share] = (0.8, 0.1, 0.1)
    """Fractions of rows for training, early stopping and testing."""

    def __post_init__(self) -> None:
        require_ranges(self)


class TargetConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The energy that a run is trained on, and where a model starts."""

    spec: str = ""
    """A named target with parameters, MODULE:ATTRIBUTE, or an object of a Python program."""
    support: str = ""
    """The support of each column of an energy that declares none, as ``0:positive; *:real``."""
    location: Finite | None = None
    """Roughly where the continuous columns are; by default what the target says."""
    scale: Positive | None = None
    """Roughly how wide they are; by default what the target says."""
    allow_import: bool = False
    """Whether the user let the module of MODULE:ATTRIBUTE be imported."""

    def __post_init__(self) -> None:
        require_ranges(self)


class SimulatorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The simulator whose draws are the rows of a run; they are drawn once and kept."""

    spec: str = ""
    """A named simulator with parameters, MODULE:ATTRIBUTE, or an object of a Python program."""
    budget: Count = 10_000
    """Draws."""
    learn: Literal["posterior", "likelihood", "joint"] = "joint"
    """Model the parameters given the observables, the reverse, or both together."""

    def __post_init__(self) -> None:
        require_ranges(self)


class RunConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration of a run: what it is about, recipe, options, seed."""

    recipe: str
    data: DataConfig | None = None
    """The rows of a run that is about rows."""
    target: TargetConfig | None = None
    """The energy of a run that is about one."""
    simulator: SimulatorConfig | None = None
    """The simulator that the rows were drawn from, where it was one."""
    options: msgspec.Struct
    seed: Seed = 0
    precision: Literal[32, 64] = 32
    """Bits of a number, in training and in everything that is asked of the run."""
    minutes: Positive | None = None
    """About how long training was to take; its rounds follow from a trial before it begins."""
    init: str = ""
    """The run whose kept arrays it started from, where they fit; empty for none."""

    def __post_init__(self) -> None:
        if (self.data is None) == (self.target is None):
            raise InputError(
                "a run is about rows or about a target: give it one of [data], [target]"
            )
        require_ranges(self)
        require_ranges(self.options)

    @property
    def spec(self) -> str:
        """The name of what the run is about."""
        return (self.simulator or self.data or self.target).spec  # pyright: ignore[reportOptionalMemberAccess]

    @property
    def rows(self) -> DataConfig:
        """How rows are read: as those of the run, or by default where it has none."""
        return self.data or DataConfig()


def to_toml(config: RunConfig) -> str:
    """Write a configuration with all defaults."""
    return tomli_w.dumps(_plain(msgspec.to_builtins(config)))


def from_toml(text: str, where: str) -> RunConfig:
    """Read a configuration; unknown fields are errors.

    Raises:
        InputError: if the text is not TOML, or a field is unknown or out of range.
    """
    raw = _parsed(text, where)
    name = raw.get("recipe", "")
    if not isinstance(name, str) or name not in RECIPES:
        raise InputError(f"{where}: recipe {name!r} is not known: {nearest(str(name), RECIPES)}")
    options = RECIPES[name].options
    try:
        shaped = {**raw, "options": {}}
        require_in(_shape(), shaped, named=lambda path: f"{where}: {path}")
        config: Any = msgspec.convert(shaped, _shape(), strict=False)
    except msgspec.ValidationError as problem:
        raise InputError(f"{where}: {problem}: correct or remove that field") from None
    built = build_options(options, _table(raw.get("options", {}), where), where)
    return RunConfig(
        recipe=config.recipe,
        data=config.data,
        target=config.target,
        simulator=config.simulator,
        options=built,
        seed=config.seed,
        precision=config.precision,
        minutes=config.minutes,
        init=config.init,
    )


def build_options(
    kind: type[msgspec.Struct], raw: dict[str, Any], where: str = "options"
) -> msgspec.Struct:
    """Make options from a dictionary; missing ones take the recipe's defaults.

    Raises:
        InputError: naming an unknown field and the nearest known one, or the value at fault.
    """
    return changed_options(kind(), raw, where)


def changed_options(
    options: msgspec.Struct, raw: dict[str, Any], where: str = "options"
) -> msgspec.Struct:
    """Options with the values of a nested dictionary replaced.

    Raises:
        InputError: naming an unknown field and the nearest known one, or the value at fault.
    """
    kind = type(options)
    _known(kind, raw, where)
    merged = _merged(msgspec.to_builtins(options), raw)
    require_in(kind, merged, named=lambda path: f"{where}: {path}")
    try:
        return msgspec.convert(merged, kind, strict=False)
    except msgspec.ValidationError as problem:
        raise InputError(f"{where}: {problem}: give a value of that type") from None


def _merged(base: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """``base`` updated with the given values, recursively."""
    nested = {
        name: _merged(base[name], value)
        for name, value in given.items()
        if isinstance(value, dict) and isinstance(base.get(name), dict)
    }
    return base | given | nested


def _shape() -> type[msgspec.Struct]:
    return msgspec.defstruct(
        "RunShape",
        [
            ("recipe", str),
            ("options", dict),
            ("data", DataConfig | None, None),
            ("target", TargetConfig | None, None),
            ("simulator", SimulatorConfig | None, None),
            ("seed", Seed, 0),
            ("precision", Literal[32, 64], 32),
            ("minutes", Positive | None, None),
            ("init", str, ""),
        ],
        forbid_unknown_fields=True,
        kw_only=True,
    )


def _known(kind: type[msgspec.Struct], raw: dict[str, Any], where: str) -> None:
    """Check field names recursively, with the nearest known name in the error."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name, value in raw.items():
        if name not in fields:
            raise InputError(f"{where}: option {name!r} is not known: {nearest(name, fields)}")
        inner = fields[name].type
        if (
            isinstance(value, dict)
            and isinstance(inner, type)
            and issubclass(inner, msgspec.Struct)
        ):
            _known(inner, value, f"{where}.{name}")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def read_config(path: Path) -> RunConfig:
    """Read the configuration file of a run.

    Raises:
        InputError: if it cannot be read, is not TOML, or a field is unknown or out of range.
    """
    return from_toml(_text(path), str(path))


def options_file(path: Path, kind: type[msgspec.Struct]) -> msgspec.Struct:
    """Read options from a TOML file: a run's own ``config.toml`` or a bare table of options.

    Raises:
        InputError: if the file is missing, not TOML, or names an unknown option.
    """
    raw = _parsed(_text(path), str(path))
    return build_options(kind, _table(raw.get("options", raw), str(path)), str(path))


def _text(path: Path) -> str:
    refuse_special_file(path)
    try:
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{path} cannot be read ({problem.strerror}): name a TOML file") from None
    except UnicodeDecodeError as problem:
        raise InputError(
            f"{path} is not text (byte {problem.start} is not UTF-8): name a TOML file"
        ) from None


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{where} is not valid TOML ({problem}): correct that line") from None


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: options is {value!r} where a table was wanted: write [options]")
    return value
