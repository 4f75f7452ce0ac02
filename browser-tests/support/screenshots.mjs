// Analyses screenshots of a page.

const NEAR = 0.62;

/**
 * The part (0 to 1) of a screenshot's pixels that have a colour, or a shade of it nearly as bright. `page`
 * decodes it.
 */
export const closeTo = (page, screenshot, colour) =>
  page.evaluate(
    async ([base64, colour, near]) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      const length = Math.hypot(...colour);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        const point = [data[at], data[at + 1], data[at + 2]];
        const along = point.reduce((sum, value, channel) => sum + value * colour[channel], 0) / length;
        const off = Math.sqrt(
          Math.max(0, point.reduce((sum, value) => sum + value * value, 0) - along * along),
        );
        if (along > near * length && off < 0.2 * along) count++;
      }
      return (4 * count) / data.length;
    },
    [screenshot.toString("base64"), colour, NEAR],
  );
