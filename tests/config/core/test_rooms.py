"""The core knows no app: import-linter sees imports, this sees names in strings."""

import ast
from pathlib import Path

from django.apps import apps
from django.conf import settings

CORE = Path(settings.BASE_DIR) / "config" / "core"
APPS = ("models_library", "results", "tryon", "shops")
# A folder of storage has the name of an app.
FOLDERS = ("results",)


def strings(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [node.value for node in constants if isinstance(node.value, str) and id(node) not in docs]


def test_the_core_names_no_app_in_a_string() -> None:
    named = {
        f"{path.relative_to(CORE)}: {text}"
        for path in CORE.rglob("*.py")
        for text in strings(path)
        if (text in APPS and text not in FOLDERS) or text.startswith(tuple(f"{app}." for app in APPS))
    }
    assert named == set()


def test_the_apps_of_that_test_are_installed() -> None:
    installed = {config.name.rpartition(".")[2] for config in apps.get_app_configs()}
    assert set(APPS) <= installed
