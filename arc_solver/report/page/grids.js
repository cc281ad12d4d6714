// Grids: unpacked when they are first drawn; small ones on canvas, large ones as SVG, which prints sharply.

const USUAL = ['#000000', '#0074d9', '#ff4136', '#2ecc40', '#ffdc00', '#aaaaaa', '#f012be', '#ff851b', '#7fdbff', '#870c25'];
const SAFE = {{safe_palette}};
const palette = () => (settings.safe ? SAFE : USUAL);

const RUNS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const unpacked = new Map();

// The counterpart of packing.py: {width, height, cells: digits in reading order}.
function unpack(text) {
  let grid = unpacked.get(text);
  if (!grid) {
    const width = parseInt(text[0], 36);
    const cells = [];
    for (const run of text.slice(1).match(/[0-9][a-zA-Z]?/g)) {
      const length = run.length > 1 ? RUNS.indexOf(run[1]) + 2 : 1;
      for (let i = 0; i < length; i++) cells.push(Number(run[0]));
    }
    grid = { width, height: cells.length / width, cells };
    unpacked.set(text, grid);
  }
  return grid;
}

const gridOf = (task, index) => (index === null || index === undefined ? null : unpack(task.grids[index]));

// Cells in which two grids differ; null if they differ in size.
function difference(a, b) {
  if (a.width !== b.width || a.height !== b.height) return null;
  const found = [];
  a.cells.forEach((cell, place) => { if (cell !== b.cells[place]) found.push(place); });
  return found;
}

// One pixel a cell, which the style scales up without smoothing; printers smooth, so they get more of them.
function drawThumb(canvas, grid, side = 1) {
  canvas.width = grid.width * side;
  canvas.height = grid.height * side;
  const context = canvas.getContext('2d');
  const colours = palette();
  grid.cells.forEach((cell, place) => {
    context.fillStyle = colours[cell];
    context.fillRect((place % grid.width) * side, Math.floor(place / grid.width) * side, side, side);
  });
}

// Darker ink on light cells: digits must be readable on every colour of both palettes.
function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? '#000' : '#fff';
}

// A grid as SVG: one path a colour, one for the lines, and a ring around every marked cell.
function drawGrid(grid, { side = 20, marked = [], label = '' } = {}) {
  const { width, height, cells } = grid;
  const paths = Array.from({ length: 10 }, () => '');
  for (let row = 0; row < height; row++) {
    for (let start = 0; start < width;) {
      const cell = cells[row * width + start];
      let end = start + 1;
      while (end < width && cells[row * width + end] === cell) end++;
      paths[cell] += `M${start} ${row}h${end - start}v1h${start - end}z`;
      start = end;
    }
  }
  const colours = palette();
  let lines = '';
  for (let row = 1; row < height; row++) lines += `M0 ${row}h${width}`;
  for (let column = 1; column < width; column++) lines += `M${column} 0v${height}`;
  const rings = marked.map((place) => `M${(place % width) + 0.14} ${Math.floor(place / width) + 0.14}h.72v.72h-.72z`).join('');
  const digits = settings.safe && side >= 9
    ? cells.map((cell, place) => s('text', {
      x: (place % width) + 0.5, y: Math.floor(place / width) + 0.7, fill: inkOn(colours[cell]),
    }, String(cell)))
    : [];
  return s('svg', {
    class: 'grid', viewBox: `-.02 -.02 ${width + 0.04} ${height + 0.04}`, width: width * side, height: height * side, role: 'img',
    'aria-label': `${label ? `${label}, ` : ''}${height} rows of ${width} cells${marked.length ? `, ${many(marked.length, 'cell')} marked` : ''}`,
  },
  paths.map((path, cell) => path && s('path', { d: path, fill: colours[cell] })),
  s('path', { class: 'lines', d: lines, 'stroke-width': Math.min(0.06, 0.9 / side) }),
  rings && [s('path', { class: 'ring-outer', d: rings, 'stroke-width': Math.min(0.26, 4 / side) }), s('path', { class: 'ring-inner', d: rings, 'stroke-width': Math.min(0.13, 2 / side) })],
  digits.length ? s('g', { class: 'digits' }, digits) : null);
}
