// Finds the positions of any game's entities in its schema: two fields whose names end in `x` and `y`.

const POSITION = /^(pos|position|place|at|centre|center|cell|tile|square|)$/i;
const MOTION = /(^|[._])(vel|velocity|speed|acc|acceleration|aim|wish|dir|direction)$/i;

/** The view shows at least this part of a position's range. */
const SHOWN_MIN = 1 / 8;

/**
 * For each kind's name `{ of, span }`: `of(entity)` is its `{ x, y }`, `span` the least extent to show, in
 * the same units; or null if the kind has no positions.
 */
export const positionsOf = (schema) => new Map(schema.kinds.map((kind) => [kind.name, positionOf(kind)]));

function positionOf(kind) {
  const names = new Set(kind.fields.map((field) => field.name));
  const pairs = kind.fields
    .filter(({ name }) => /(^|\.)x$/.test(name) && names.has(name.replace(/x$/, "y")))
    .map((field) => ({ field, path: field.name.replace(/\.?x$/, "") }))
    .filter(({ field, path }) => field.predictor !== "steer" && !MOTION.test(path));
  const likely = ({ field, path }) => 2 * Number(field.predictor !== "hold") + Number(POSITION.test(path));
  const [best] = pairs.sort((one, other) => likely(other) - likely(one));
  if (best === undefined) return null;
  const { path, field } = best;
  const span = ((field.max - field.min) / field.per_unit) * SHOWN_MIN;
  if (path === "") return { span, of: (entity) => entity };
  return { span, of: (entity) => entity[path] ?? { x: entity[`${path}.x`], y: entity[`${path}.y`] } };
}
