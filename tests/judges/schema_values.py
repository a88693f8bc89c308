"""A value that a JSON Schema allows: with what is required alone, or with everything there is.

It knows as much of JSON Schema as the documents here use. Texts and numbers are the id that everything seeded has, or as
near to it as the schema allows. What a schema does not say comes from a table of names that the judge passes in.
"""

import math

from sandbox import ID

DATE = "2026-01-02T03:04:05Z"
FORMATS = {"date-time": DATE, "date": DATE[:10], "uri": "https://example.com/", "email": "a@example.com"}


def value(schema, names, full, name=None, root=None):
    """One value for `schema`; with `full`, objects have all fields and arrays an item."""
    root = schema if root is None else root
    if name in names:
        return names[name]
    if "$ref" in schema:
        target = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return value(target, names, full, name, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            forms = [form for form in schema[choice] if form.get("type") != "null"]
            return value(forms[0], names, full, name, root)
    if "allOf" in schema:
        parts = [value(part, names, full, name, root) for part in schema["allOf"]]
        return {field: part[field] for part in parts for field in part} if isinstance(parts[0], dict) else parts[0]
    return plain(schema, names, full, name, root)


def plain(schema, names, full, name, root):
    """A value for a schema that names a type."""
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next(one for one in kind if one != "null")
    if kind == "object":
        wanted = schema.get("properties", {}) if full else schema.get("required", [])
        return {field: value(schema["properties"][field], names, full, field, root) for field in wanted}
    if kind == "array":
        count = max(schema.get("minItems", 0), 1 if full else 0)
        return [value(schema.get("items", {}), names, full, item_name(name), root) for _ in range(count)]
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return min(max(ID, schema.get("minimum", ID)), schema.get("maximum", math.inf))
    return FORMATS.get(schema.get("format"), str(ID))


def item_name(name):
    """What the items of an array are called in a table of names."""
    return f"{name}[]"
