// `./test` looks at a sample of the screens, `./test --long` at each.

const isLong = Boolean(process.env.TICKWIRE_LONG);

/** Options of a test that `./test` leaves out unless `isInSample`. */
export const sampled = (isInSample) => ({ skip: !isInSample && !isLong && "./test --long looks at it" });

/** Names and options of the screens that are looked at now: those of `names`, or all. */
export const screensOf = (screens, names) =>
  Object.entries(screens).filter(([screen]) => isLong || names.includes(screen));
