// The walls, converted to paths once. The room's settings contain the map as rows of tiles, one character
// each; `#` is wall.

const SIDE_MAX = 128;

/** The map of a room. */
export class ArenaMap {
  constructor(rows) {
    this.rows = Array.isArray(rows)
      ? rows.slice(0, SIDE_MAX).map((row) => String(row).slice(0, SIDE_MAX))
      : [];
    this.height = this.rows.length;
    this.width = Math.max(0, ...this.rows.map((row) => row.length));
    this.walls = new Path2D();
    this.edges = new Path2D();
    this.grid = new Path2D();
    this.marks = new Path2D();
    this.#traceWalls();
    this.#traceEdges();
    this.#traceGrid();
  }

  /** Whether a tile is wall. Everything outside the map is. */
  isWall(x, y) {
    return (this.rows[y]?.[x] ?? "#") === "#";
  }

  /** Whether a square with this half side touches no wall. */
  isFree(x, y, half) {
    const corners = [[-half, -half], [half, -half], [-half, half], [half, half]];
    return corners.every(([dx, dy]) => !this.isWall(Math.floor(x + dx), Math.floor(y + dy)));
  }

  /** Walls as rectangles, as wide as possible in each row; a small overlap hides the seams. */
  #traceWalls() {
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; ) {
        let end = x;
        while (end < this.width && this.isWall(end, y)) end++;
        if (end > x) this.walls.rect(x, y, end - x, 1.02);
        x = end + 1;
      }
    }
  }

  /** The borders between wall and floor, joined into long lines. */
  #traceEdges() {
    const line = (x0, y0, x1, y1) => {
      this.edges.moveTo(x0, y0);
      this.edges.lineTo(x1, y1);
    };
    for (let y = 1; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        const from = x;
        while (x < this.width && this.isWall(x, y - 1) !== this.isWall(x, y)) x++;
        if (x > from) line(from, y, x, y);
      }
    }
    for (let x = 1; x < this.width; x++) {
      for (let y = 0; y < this.height; y++) {
        const from = y;
        while (y < this.height && this.isWall(x - 1, y) !== this.isWall(x, y)) y++;
        if (y > from) line(x, from, x, y);
      }
    }
  }

  #traceGrid() {
    for (let x = 2; x < this.width; x += 2) {
      this.grid.moveTo(x, 0);
      this.grid.lineTo(x, this.height);
    }
    for (let y = 2; y < this.height; y += 2) {
      this.grid.moveTo(0, y);
      this.grid.lineTo(this.width, y);
    }
    for (let y = 4; y < this.height; y += 4) {
      for (let x = 4; x < this.width; x += 4) {
        this.marks.rect(x - 0.16, y - 0.02, 0.32, 0.04);
        this.marks.rect(x - 0.02, y - 0.16, 0.04, 0.32);
      }
    }
  }
}
