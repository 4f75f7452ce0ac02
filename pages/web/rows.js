// Rows of numbers as objects with the names of the game's schema.

const TURN = 2 * Math.PI;

/** One step of a field's grid, in units: angles in radians. */
export const unitOf = (field) => (field.wrap ? TURN : 1) / field.per_unit;
/** The names of a field's values, or null if they are numbers. */
const wordsOf = (field) => (field.meaning === "bool" ? [false, true] : field.choices);

/**
 * A class whose objects inherit nothing, because field names come from the server. Engines optimize objects
 * of a class.
 */
function bareClass() {
  const Bare = function () {};
  Bare.prototype = Object.create(null);
  return Bare;
}

/** Writes the row that begins at `numbers[at]` into an object. */
export function fill(object, fields, numbers, at) {
  for (let field = 0; field < fields.length; field += 1) {
    const { name, into, key, unit, words } = fields[field];
    const step = numbers[at + field];
    const value = words === null ? step * unit : words[step];
    if (into === null) object[name] = value;
    else object[into][key] = value;
  }
}

/** How a row of a kind becomes an object. */
export function planOf(kind) {
  const taken = new Set(["id", "kind", "own"]);
  const parts = kind.fields.map((field) => {
    const dot = field.name.lastIndexOf(".");
    const [into, key] = dot > 0 ? [field.name.slice(0, dot), field.name.slice(dot + 1)] : [null, field.name];
    return { field, into, key };
  });
  const plain = new Set(parts.filter((part) => part.into === null).map((part) => part.key));
  const fields = parts.map(({ field, into, key }) => {
    const fits = into !== null && !taken.has(into) && !plain.has(into);
    const name = taken.has(field.name) ? `${field.name}_` : field.name;
    return { name, into: fits ? into : null, key, unit: unitOf(field), words: wordsOf(field) };
  });
  const Entity = bareClass();
  const vectors = new Map(fields.map(({ into }) => [into, bareClass()]));
  const blank = (id) => {
    const entity = Object.assign(new Entity(), { id, kind: kind.name, own: false });
    for (const { name, into, key, words } of fields) {
      if (into === null) entity[name] = words === null ? 0 : words[0];
      else (entity[into] ??= new (vectors.get(into))())[key] = 0;
    }
    return entity;
  };
  return { fields, blank };
}
