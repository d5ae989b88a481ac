# /// script
# requires-python = ">=3.10"
# dependencies = ["onnx==1.23.2"]
# ///
"""What ONNX's own schemas say of the operators that are read: src/onnx/signatures.generated.ts.

    python test/oracle/onnx_signatures.py

One line a version of an operator, from the last one up to opset 7 on: `since | inputs | outputs | attributes`. An input
or output is the letters of its element types (those of dcrc), `?` behind them where it may be left out, `*` where it may
come several times; an attribute is `name:kind`, with `=default` or `!` where it must be given. Operators are those of
docs/operators.md and of src/onnx/rewrites.
"""

import re
from pathlib import Path

import onnx
from onnx import defs

root = Path(__file__).resolve().parents[2]
letters = {
    "float": "f", "float16": "h", "bfloat16": "b", "double": "d", "int64": "l", "int32": "i", "uint8": "u", "bool": "t",
}
kinds = {
    "FLOAT": "float", "INT": "int", "STRING": "string", "TENSOR": "tensor", "GRAPH": "graph", "FLOATS": "floats",
    "INTS": "ints", "STRINGS": "strings", "SPARSE_TENSOR": "sparse",
}
least = 7
# Those of com.microsoft, from onnxruntime's docs/ContribOperators.md; they have one version.
microsoft = {
    "FusedMatMul": "1 | dfh dfh | dfh | alpha:float=1.0 transA:int=0 transB:int=0 transBatchA:int=0 transBatchB:int=0",
    "QuickGelu": "1 | fh | fh | alpha:float=1.702",
}


def names():
    pages = (root / "docs/operators.md").read_text()
    known = set(re.findall(r"^## (\w+)$", pages, re.M))
    for file in (root / "src/onnx/rewrites").glob("*.ts"):
        known |= set(re.findall(r"^ *(?:\[\s*)?'?([A-Z]\w+)'?[:,]", file.read_text(), re.M))
    return known | {"If"}


def value(p, constraints):
    types = constraints.get(p.type_str, {p.type_str})
    found = "".join(letters[t[7:-1]] for t in sorted(types) if t.startswith("tensor(") and t[7:-1] in letters)
    mark = {"Single": "", "Optional": "?", "Variadic": "*"}[p.option.name]
    return (found or "-") + mark


def default(a):
    if a.required:
        return "!"
    if not a.default_value or not a.default_value.name:
        return ""
    v = onnx.helper.get_attribute_value(a.default_value)
    if isinstance(v, bytes):
        return "=" + v.decode()
    if isinstance(v, float):
        return "=" + repr(float(f"{v:.8g}"))
    if isinstance(v, list):
        return "=" + ",".join(map(str, v))
    return f"={v}"


def row(s):
    constraints = {c.type_param_str: set(c.allowed_type_strs) for c in s.type_constraints}
    attributes = [f"{n}:{kinds[a.type.name]}{default(a)}" for n, a in sorted(s.attributes.items()) if a.type.name in kinds]
    parts = [" ".join(value(p, constraints) for p in s.inputs), " ".join(value(p, constraints) for p in s.outputs)]
    return " | ".join([str(s.since_version), *parts, " ".join(attributes)]).rstrip()


versions = {}
for s in defs.get_all_schemas_with_history():
    if s.domain == "":
        versions.setdefault(s.name, {})[s.since_version] = s

lines = [f"  {name}: [\n    '{row}',\n  ],\n" for name, row in microsoft.items()]
for name in sorted(names() & set(versions)):
    of = versions[name]
    first = max([v for v in of if v <= least], default=least)
    rows = [f"{v} deprecated" if of[v].deprecated else row(of[v]) for v in sorted(of) if v >= first]
    lines.append(f"  {name}: [\n" + "".join(f"    '{r}',\n" for r in rows) + "  ],\n")

head = f"""/**
 * The operators of ai.onnx by version, as the schemas of onnx {onnx.__version__} have them; written by
 * test/oracle/onnx_signatures.py, which says how a line reads.
 */
// prettier-ignore
export const signatureLines: Readonly<Record<string, readonly string[]>> = {{
"""
(root / "src/onnx/signatures.generated.ts").write_text(head + "".join(lines) + "}\n")
print(len(lines), "operators", sum(map(len, lines)), "bytes")
