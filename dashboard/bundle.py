"""A page's modules as one, which a browser asks for once, not for each that another imports."""

import re
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "charts"
#: How our modules import and export, in a line each. What the first of them exports stays as it is.
_IMPORT: Final = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:class|function|const) (\w+))", re.MULTILINE)


def bundle(module: str) -> str:
    """Return a module with all modules that it imports, and that they import: each of these in a function of its own.

    Parameters
    ----------
    module : str
        Its name in ``charts``, without ``.js``.

    Raises
    ------
    ValueError
        Modules import each other in a circle.
    """
    parts: dict[str, str] = {}
    _add(module, parts, ())
    return "\n".join(parts.values())


def _add(module: str, parts: dict[str, str], importing: tuple[str, ...]) -> None:
    if module in importing:
        raise ValueError(f"{' imports '.join([*importing, module])}: a circle")
    source = (SOURCES / f"{module}.js").read_text(encoding="utf-8")
    for _, other in _IMPORT.findall(source):
        if other not in parts:
            _add(other, parts, (*importing, module))
    text = _IMPORT.sub(r"const \1 = $\2;", source)
    if importing:
        names = ", ".join(_EXPORT.findall(text))
        text = f"const ${module} = (() => {{\n{_EXPORT.sub('', text)}return {{ {names} }};\n}})();"
    parts[module] = f"// {module}.js\n{text}"
