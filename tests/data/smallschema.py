"""As much of JSON Schema 2020-12 as our schemas use; a keyword it does not know is an error, so that none is passed over unseen."""
import re

TYPES = {'object': dict, 'array': list, 'string': str, 'null': type(None), 'boolean': bool}
ANNOTATIONS = {'$schema', '$id', '$defs', 'title', 'description'}


def is_type(value, name):
    if name in ('integer', 'number'):
        return isinstance(value, (int, float)) and not isinstance(value, bool) and (name == 'number' or value == int(value))
    return isinstance(value, TYPES[name])


def members(value, schema, root, where):
    known = schema.get('properties', {})
    for name in schema.get('required', []):
        if name not in value:
            yield '%s: %s is missing' % (where, name)
    for name, item in value.items():
        if 'propertyNames' in schema:
            yield from problems(name, schema['propertyNames'], root, '%s, name %s' % (where, name))
        rule = known[name] if name in known else schema.get('additionalProperties', True)
        if rule is False:
            yield '%s: %s is not in the schema' % (where, name)
        elif rule is not True:
            yield from problems(item, rule, root, '%s.%s' % (where, name))


def text(value, schema, where):
    if len(value) < schema.get('minLength', 0):
        yield '%s: too short' % where
    if 'pattern' in schema and not re.search(schema['pattern'], value):
        yield '%s: %r is not like %s' % (where, value, schema['pattern'])


def problems(value, schema, root=None, where='$'):
    """Yields what is wrong with the value."""
    root = root or schema
    unknown = set(schema) - ANNOTATIONS - {'$ref', 'allOf', 'type', 'enum', 'minimum', 'maximum', 'minLength', 'pattern', 'items', 'properties', 'required',
                                           'additionalProperties', 'propertyNames'}
    assert not unknown, (where, unknown)
    if '$ref' in schema:
        assert schema['$ref'].startswith('#/$defs/'), schema
        yield from problems(value, root['$defs'][schema['$ref'][8:]], root, where)
    for part in schema.get('allOf', []):
        yield from problems(value, part, root, where)
    wanted = schema.get('type', [])
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if wanted and not any(is_type(value, name) for name in wanted):
        yield '%s: %r is no %s' % (where, value, ' or '.join(wanted))
        return
    if 'enum' in schema and value not in schema['enum']:
        yield '%s: %r is none of %r' % (where, value, schema['enum'])
    if is_type(value, 'number') and (value < schema.get('minimum', value) or value > schema.get('maximum', value)):
        yield '%s: %r is out of range' % (where, value)
    if isinstance(value, str):
        yield from text(value, schema, where)
    if isinstance(value, dict):
        yield from members(value, schema, root, where)
    if isinstance(value, list) and 'items' in schema:
        for i, item in enumerate(value):
            yield from problems(item, schema['items'], root, '%s[%d]' % (where, i))
