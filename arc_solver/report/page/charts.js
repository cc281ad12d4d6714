// Charts: plain SVG and elements, coloured by the style so that both themes and print work.

// An interval on a scale of 0 to 100%: a line with the value as a point.
function intervalBar(card) {
  const at = (share) => `${(100 * share).toFixed(2)}%`;
  if (card.low === undefined) {
    return h('div', { class: 'whisker plain' }, h('i', { css: { width: at(card.share) } }));
  }
  return h('div', { class: 'whisker', role: 'img', 'aria-label': `95% interval ${percent(card.low)} to ${percent(card.high)}` },
    h('i', { css: { left: at(card.low), width: at(card.high - card.low) } }), h('b', { css: { left: at(card.share) } }));
}

function card(one) {
  const counted = one.count !== undefined;
  return h('article', { class: 'card' },
    h('h3', {}, one.label),
    h('p', { class: 'figure' }, counted ? [String(one.count), h('small', {}, ` of ${one.of}`)] : [(100 * one.share).toFixed(1), h('small', {}, '%')]),
    intervalBar(one),
    h('p', { class: 'interval' }, one.low === undefined ? percent(one.share)
      : counted ? `${Math.round(one.low * one.of)} to ${Math.round(one.high * one.of)} (95%)` : `${percent(one.low)} to ${percent(one.high)} (95%)`),
    h('p', { class: 'about' }, one.about));
}

// Round steps for an axis: about `wanted` of them up to `most`.
function ticks(most, wanted, steps = [1, 2, 5, 10]) {
  const raw = most / wanted;
  const power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = Math.max(steps.map((one) => one * power).find((one) => one >= raw) || 10 * power, 1e-9);
  const found = [];
  for (let value = 0; value <= most * 1.0001; value += step) found.push(value);
  return found;
}

const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
function timeTicks(most, wanted) {
  const step = SECONDS.find((one) => most / one <= wanted) || 86400 * Math.ceil(most / 86400 / wanted);
  const found = [];
  for (let value = 0; value <= most; value += step) found.push(value);
  return most < 1 ? [0] : found;
}

// Steps over time. lines: [{name, tone, dashed, points: [[s, n], ...]}]
function courseChart(lines, { endS, most, what }) {
  const width = 560, height = 300, left = 40, right = 12, top = 12, bottom = 30;
  const x = (seconds) => left + (seconds / endS) * (width - left - right);
  const y = (n) => height - bottom - (n / most) * (height - top - bottom);
  const path = (points, last) => points.map(([when, n], i) => (i ? `H${x(when).toFixed(1)}V${y(n).toFixed(1)}` : `M${x(when).toFixed(1)} ${y(n).toFixed(1)}`)).join('') + `H${x(last).toFixed(1)}`;
  const cursor = s('line', { class: 'cursor', y1: top, y2: height - bottom, visibility: 'hidden' });
  const chart = s('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': lines.map((line) => `${line.name}: ${line.points.at(-1)[1]} ${what}`).join('; ') },
    ticks(most, 4).map((n) => [s('line', { class: 'rule', x1: left, x2: width - right, y1: y(n), y2: y(n) }), s('text', { class: 'tick', x: left - 8, y: y(n) + 4, 'text-anchor': 'end' }, String(n))]),
    timeTicks(endS, 6).map((when) => s('text', { class: 'tick', x: x(when), y: height - 8, 'text-anchor': when === 0 ? 'start' : 'middle' }, duration(when))),
    lines.map((line, i) => [
      i === 0 && !line.dashed ? s('path', { class: 'area', d: `${path(line.points, endS)}V${y(0)}H${x(line.points[0][0])}z`, fill: line.tone }) : null,
      s('path', { class: line.dashed ? 'line dashed' : 'line', d: path(line.points, endS), stroke: line.tone }),
    ]), cursor);
  const at = (line, when) => line.points.filter(([moment]) => moment <= when).at(-1)[1];
  chart.addEventListener('pointermove', (event) => {
    const box = chart.getBoundingClientRect();
    const when = Math.max(0, Math.min(endS, (((event.clientX - box.left) * width) / box.width - left) / (width - left - right) * endS));
    cursor.setAttribute('x1', x(when));
    cursor.setAttribute('x2', x(when));
    cursor.setAttribute('visibility', 'visible');
    showTip(`${duration(when)}: ${lines.map((line) => `${at(line, when)} ${line.short || line.name}`).join(', ')}`, event.clientX, event.clientY);
  });
  chart.addEventListener('pointerleave', () => { cursor.setAttribute('visibility', 'hidden'); hideTip(); });
  return h('figure', { class: 'chart-box' }, chart,
    lines.length > 1 && h('figcaption', { class: 'legend' }, lines.map((line) => h('span', {}, h('i', { class: line.dashed ? 'dashed' : '', css: { '--tone': line.tone } }), line.name))));
}

// Rows of bars with a name in front and a number behind. rows: [{name, n, text, tone, title, act}]
function barRows(rows, most = Math.max(1, ...rows.map((row) => row.n))) {
  return h('div', { class: 'bars' }, rows.map((row) => h(row.act ? 'button' : 'div', {
    class: 'bar', type: row.act ? 'button' : null, title: row.title, on: row.act ? { click: row.act } : null,
  }, h('span', { class: 'bar-name' }, row.name), h('span', { class: 'bar-track' }, h('i', { css: { width: `${Math.max((100 * row.n) / most, row.n ? 0.6 : 0)}%`, background: row.tone || 'var(--accent)' } })), h('span', { class: 'bar-n' }, row.text || row.n.toLocaleString('en')))));
}

const empty = (text) => h('p', { class: 'empty' }, text);
