"""How the source is laid out and written: sizes, names, docstrings, and nothing of one machine in it."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import opsconsole

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "opsconsole"
MODULES = sorted(SOURCE.rglob("*.py"))

MAX_LINES = 400
"""Past 300 a file is worth a second look; past this it is two files."""

NO_NAMES = ("manager", "helper", "helpers", "util", "utils", "base", "common", "misc")
"""If a name needs one of these, the room is wrong."""

OF_A_MACHINE = re.compile(
    "|".join(
        (
            "/" + "work/",
            "/" + "opt/ops",
            "/" + "tmp/design",
            "index" + "-url",
            "extra" + "-index",
            r"https?://[^\s\"'/]*(?:py" + r"pi|artifactory|nexus|devpi)[^\s\"']*",
            r"(?:10|127)\.\d+\.\d+\.\d+:\d+/simple",
        )
    ),
    re.IGNORECASE,
)
"""Paths of the machine that something was written on, and addresses of package indexes."""

UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")

ALLOWED = re.compile(r"https://py" + r"pi\.org/(?:project|p)/[\w.-]+")
"""A page about a package is no index."""


def module_name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def words_of(name: str) -> set[str]:
    """The words of a name in any of the two spellings."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def public_definitions(
    tree: ast.Module | ast.ClassDef, prefix: str = ""
) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every public class, function and method, but overloads and what a property sets."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            yield from public_definitions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node


def committed_files() -> list[Path]:
    """What is in the repository; in an unpacked source distribution, everything that came with it."""
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [path for name in answer.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_there_is_source_to_look_at() -> None:
    assert len(MODULES) > 150
    assert ROOT / "pyproject.toml" in committed_files()


def test_no_file_is_too_long() -> None:
    long = {module_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in long.items() if lines > MAX_LINES} == {}


def test_no_name_says_nothing() -> None:
    bad = []
    for path in MODULES:
        parts = [*path.relative_to(SOURCE).with_suffix("").parts]
        bad += [module_name(path) for part in parts if words_of(part) & set(NO_NAMES)]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and words_of(node.name) & set(NO_NAMES):
                bad.append(f"{module_name(path)}: {node.name}")
    assert bad == []


def _is_inherited(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a definition says with a decorator that its contract stands elsewhere."""
    names = {ast.unparse(one).rsplit(".", 1)[-1] for one in node.decorator_list}
    return bool(names & {"override", "overload", "setter"})


def test_every_module_class_and_function_states_its_contract() -> None:
    silent = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = module_name(path)
        if not ast.get_docstring(tree):
            silent.append(name)
        for where, node in public_definitions(tree):
            if not ast.get_docstring(node) and not _is_inherited(node) and not _is_told_by_its_class(tree, where, node):
                silent.append(f"{name}: {where}")
    assert silent == []


FRAMEWORK = re.compile(
    r"compose|render\w*|action_\w+|on_\w+|watch_\w+|validate_\w+|get_\w+|check_\w+|main|invoke|parse_args|list_commands"
    r"|all|stream|run|many|load|read|write|close|convert|format\w*|emit|filter|resolve_command"
)
"""Methods whose contract is the one of the class they are derived from."""


DOORS = re.compile(r"ServiceDesk|\w+AtService")
"""Classes that hand on to the service, method by method: the contract is the service function's."""


def _is_told_by_its_class(
    tree: ast.Module, where: str, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
) -> bool:
    """Tell whether a method fulfils what a class it derives from asks for, or stands in a class for typing only."""
    owner, _, name = where.rpartition(".")
    if not owner or isinstance(node, ast.ClassDef):
        return False
    if DOORS.fullmatch(owner):
        return True
    found = next((one for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and one.name == owner), None)
    if found is None or not found.bases:
        return False
    return any("Protocol" in ast.unparse(one) for one in found.bases) or FRAMEWORK.fullmatch(name) is not None


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == opsconsole.__version__


def test_nothing_of_one_machine_is_committed() -> None:
    found = []
    for path in committed_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if match := OF_A_MACHINE.search(ALLOWED.sub("", line)):
                found.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {match[0]}")
    assert found == []


def test_nothing_is_left_to_do() -> None:
    found = [
        f"{module_name(path)}:{number}: {line.strip()}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert found == []


def test_no_handler_of_the_console_calls_the_one_it_overrides() -> None:
    """Textual calls the handlers of all classes: a second call reads the store twice for each screen that opens."""
    called = re.compile(r"super\(\)\.on_(mount|unmount|resize|screen_resume|show|focus|blur)\(")
    assert [path.name for path in (SOURCE / "console").rglob("*.py") if called.search(path.read_text("utf-8"))] == []
