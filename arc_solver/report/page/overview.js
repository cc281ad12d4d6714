// The first view: what came of the run as a whole, and all tasks to choose from.

const filter = { groups: new Set(), by: null, text: '', sort: 'file', only: null };
let shown = [];
const tiles = [];

const section = (title, about, ...children) =>
  h('section', { class: 'panel' }, h('h2', {}, title), about && h('p', { class: 'lead' }, about), children);

function countGroups() {
  const counts = {};
  for (const task of DATA.tasks) counts[task.group] = (counts[task.group] || 0) + 1;
  return DATA.groups.map((group) => ({ ...group, n: counts[group.key] || 0 }));
}

// All tasks as one bar, cut by outcome; a part shows its tasks.
function outcomeBar() {
  return h('div', { class: 'outcomes', role: 'group', 'aria-label': 'Outcomes' }, countGroups().map((group) => h('button', {
    type: 'button', class: `outcome tone-${group.tone}`, css: { 'flex-grow': group.n },
    title: `${many(group.n, 'task')}: ${group.about}`, 'aria-label': `${group.label}: ${many(group.n, 'task')}`,
    on: { click: () => showOnly({ groups: [group.key] }) },
  }, group.n / DATA.tasks.length > 0.025 && h('span', {}, String(group.n)))));
}

function hero() {
  const facts = [many(DATA.n_tasks, 'task'), many(DATA.n_outputs, 'output'), DATA.where].filter(Boolean);
  return h('section', { class: 'hero' },
    h('p', { class: 'overline' }, COMPARED ? 'Two runs compared' : 'Report of a run'),
    h('h1', {}, DATA.title),
    h('p', { class: 'facts' }, facts.join(' · ')),
    !COMPARED && DATA.runs[0].settings.length > 0 && h('details', { class: 'made' }, h('summary', {}, 'How it was run'), h('dl', {}, DATA.runs[0].settings.map(([name, value]) => h('div', {}, h('dt', {}, name.replaceAll('_', ' ')), h('dd', {}, value))))),
    outcomeBar(),
    h('p', { class: 'outcome-names' }, countGroups().map((group) => h('span', { class: `tone-${group.tone}`, title: group.about }, groupMark(group), `${group.label} `, h('b', {}, String(group.n))))));
}

function proposerPanel(run) {
  const rows = run.proposers.filter((row) => row.by !== FALLBACK || row.solved);
  if (!rows.some((row) => row.candidates)) return section('Who solved what', null, empty('The journal is what tells this, and there is none.'));
  const solves = DATA.scored ? 'solves alone' : 'answers';
  const table = h('table', {},
    h('thead', {}, h('tr', {}, h('th', {}), h('th', {}, solves), h('th', {}, 'nobody else'), h('th', {}, 'tasks reached'), h('th', {}, 'candidates'))),
    h('tbody', {}, rows.map((row) => h('tr', {},
      h('th', { scope: 'row' }, proposerTag(row.by)),
      h('td', {}, h('b', {}, String(row.solved)), row.interval && h('small', {}, ` ${Math.round(row.interval[0])}–${Math.round(row.interval[1])}`)),
      h('td', {}, String(row.alone)),
      h('td', {}, row.by === FALLBACK ? '–' : String(row.answered)),
      h('td', {}, row.by === FALLBACK ? '–' : row.candidates.toLocaleString('en'))))));
  const about = DATA.scored ? 'Each by its own votes, as if it had been alone; small, the 95% interval.' : 'Whose grid stands as the first attempt.';
  return section('Who solved what', about, h('div', { class: run.course ? '' : 'beside' }, h('div', { class: 'scroll' }, table), overlap(run, rows.map((row) => row.by))));
}

// Sets of proposers, the number of their tasks as a bar.
function overlap(run, who) {
  if (!run.overlap.length || who.length < 2) return null;
  return h('div', { class: 'overlap' }, h('h3', {}, 'Overlap'), barRows(run.overlap.slice(0, 12).map((one) => {
    const names = one.by.map((index) => DATA.proposers[index]).join(' and ');
    const alone = one.by.length === 1;
    return {
      name: one.by.map(proposerTag), n: one.tasks.length, tone: 'var(--bar)',
      title: `Show the ${many(one.tasks.length, 'task')} of ${names}${alone ? ' alone' : ', nobody else'}`,
      act: () => showOnly({ only: { label: alone ? `only ${names}` : names, tasks: new Set(one.tasks) } }),
    };
  })));
}

function coursePanel(run) {
  const course = run.course;
  const points = (counts) => course.moments_s.map((when, i) => [when, counts[i]]);
  const lines = DATA.scored
    ? [{ name: 'right by the votes', short: 'right', tone: 'var(--right)', points: points(course.chosen) }, { name: 'right answer found', short: 'found', tone: 'var(--second)', dashed: true, points: points(course.found) }]
    : [{ name: 'a program fits', short: 'fitted', tone: 'var(--right)', points: points(course.found) }];
  const most = Math.max(4, ...lines.flatMap((line) => line.points.map(([, n]) => n)));
  const about = DATA.scored ? 'Tasks solved had the run ended then, fall-backs left out.' : 'Tasks with a program that reproduces every training pair.';
  return section('Solved over time', about, courseChart(lines, { endS: Math.max(course.end_s, 1e-3), most, what: 'tasks' }));
}

function timePanel(run) {
  if (!run.time.length) return section('Time spent', null, empty('It is not known what time was spent on.'));
  const total = run.time.reduce((sum, row) => sum + row.seconds, 0);
  return section('Time spent', `${duration(total)} of work; several proposers work at once.`, barRows(run.time.map((row) => ({
    name: [proposerTag(row.by), row.phase && h('small', {}, row.phase)], n: row.seconds, text: duration(row.seconds), tone: proposerTone(row.by),
    title: row.tasks ? `${many(row.tasks, 'task')}, ${duration(row.seconds / row.tasks)} each` : null,
  }))));
}

function verdictPanel(run) {
  const rows = run.verdicts;
  const total = rows.reduce((sum, row) => sum + row.n, 0);
  const bars = (some) => barRows(some.map((row) => ({ name: [h('i', { class: 'dot', css: { background: proposerTone(row.by) }, title: DATA.proposers[row.by] }), h('span', {}, row.reason)], n: row.n, tone: 'var(--bar)', title: `${DATA.proposers[row.by]}: ${row.reason}` })), rows[0].n);
  return section('What was rejected', total ? `${many(total, 'answer')} and programs that could not become candidates, by reason.` : null,
    total ? [bars(rows.slice(0, 8)), rows.length > 8 && h('details', {}, h('summary', {}, `${many(rows.length - 8, 'reason')} more`), bars(rows.slice(8)))] : empty('Nothing was rejected.'));
}

const moments = (rows) => h('ol', { class: 'moments' }, rows.map(([when, where, what, then]) =>
  h('li', {}, h('time', {}, when === null ? '' : duration(when)), h('div', {}, h('b', {}, where), ` ${what}`, then && h('p', {}, then)))));

function faultPanel(run) {
  const faults = run.faults;
  return section('What broke', faults && faults.length ? 'And what was done about it.' : null,
    faults === null ? empty('This journal does not tell.')
      : faults.length === 0 ? h('p', { class: 'empty good' }, groupMark({ mark: '✓', tone: 'right' }), 'Nothing broke.')
        : moments(faults.map((one) => [one.when_s, one.where, one.what, one.what_was_done])),
    run.decisions.length > 0 && h('details', {}, h('summary', {}, many(run.decisions.length, 'decision')), moments(run.decisions.map((one) => [one.when_s, [one.what, one.about, one.task].filter(Boolean).join(' '), one.why, '']))));
}

const remarks = (run, letter) => run.remarks.map((text) => h('p', { class: 'remark' }, letter ? `${letter}: ${text}` : text));

const scoreCards = (cards) => h('section', { class: `cards ${DATA.scored ? 'scored' : ''}` }, cards.map(card));

function reportParts() {
  const [run] = DATA.runs;
  if (!run.journal) return [scoreCards(run.cards), remarks(run)];
  return [scoreCards(run.cards), remarks(run),
    h('div', { class: run.course ? 'columns' : 'columns one' }, run.course && coursePanel(run), proposerPanel(run)),
    h('div', { class: 'columns three' }, timePanel(run), verdictPanel(run), faultPanel(run))];
}

function comparisonParts() {
  const compared = DATA.comparison;
  const [a, b] = DATA.runs.map((run) => run.name);
  const names = h('ul', { class: 'names' }, DATA.runs.map((run, i) => h('li', {}, h('b', { class: `letter run-${i}` }, 'AB'[i]), run.name)));
  const verdict = h('p', { class: 'verdict' }, compared.verdict);
  const rows = DATA.runs[0].cards.map((card, i) => h('tr', {}, h('th', { scope: 'row' }, card.label),
    DATA.runs.map((run) => h('td', {}, run.cards[i].count === undefined ? percent(run.cards[i].share) : String(run.cards[i].count))),
    h('td', { class: 'range' }, DATA.runs.map((run, place) => h('div', { class: `whisker run-${place}` }, h('i', { css: { left: percent(run.cards[i].low, 2), width: percent(run.cards[i].high - run.cards[i].low, 2) } }), h('b', { css: { left: percent(run.cards[i].share, 2) } })))),
  ));
  return [h('div', { class: 'columns' },
    section('Who solved what', null, names, verdict,
      h('div', { class: 'square', role: 'group', 'aria-label': 'Tasks by who solved them' }, ['both', 'only_a', 'only_b', 'neither'].map((key) => h('button', { type: 'button', class: `corner tone-${compared.corners[key].tone}`, disabled: !compared.corners[key].n, on: { click: () => showOnly({ groups: [key] }) } }, h('b', {}, String(compared.corners[key].n)), h('span', {}, compared.corners[key].label))))),
    section('Side by side', 'Lines are 95% intervals over tasks; the test is on the same tasks.', h('div', { class: 'scroll' }, h('table', { class: 'versus' }, h('thead', {}, h('tr', {}, h('th', {}), h('th', { title: a }, 'A'), h('th', { title: b }, 'B'), h('th', {}, '0 to 100%'))), h('tbody', {}, rows))),
      compared.tests.map((test) => h('p', { class: 'test' }, h('b', {}, test.label), ` ${test.text}`)),
      DATA.runs.map((run, i) => remarks(run, 'AB'[i]))))];
}

// The tasks.

const SORTS = {
  file: ['in the file’s order', null],
  outcome: ['by outcome', (task) => DATA.groups.findIndex((group) => group.key === task.group)],
  small: ['smallest first', (task) => Math.max(...task.train.flat().map((index) => gridOf(task, index).cells.length), 0)],
  id: ['by id', null],
};

function tile(task, index) {
  const group = GROUPS[task.group];
  const test = task.tests[0];
  const firsts = test.runs.map((run) => run.attempts[0].grid);
  const pictures = COMPARED ? firsts : [test.input, firsts[0]];
  const link = h('a', { class: `tile tone-${group.tone}`, href: `#/task/${encodeURIComponent(task.id)}`, title: `${task.id}: ${group.label}`, 'data-task': task.id },
    h('span', { class: 'thumbs', 'aria-hidden': 'true' }, pictures.map((grid) => h('span', {}, grid === null ? h('i', {}, '?') : h('canvas', { width: 1, height: 1, 'data-grid': grid })))),
    h('span', { class: 'tile-name' }, h('span', { class: 'tile-id' }, task.id), groupMark(group)), h('span', { class: 'sr' }, group.label));
  tiles[index] = link;
  return link;
}

function drawTile(link, side = 1) {
  const task = DATA.tasks[tiles.indexOf(link)];
  for (const canvas of link.querySelectorAll('canvas')) {
    const grid = gridOf(task, Number(canvas.dataset.grid));
    const scale = 50 / Math.max(grid.width, grid.height);
    drawThumb(canvas, grid, side);
    canvas.style.width = `${grid.width * scale}px`;
    canvas.style.height = `${grid.height * scale}px`;
  }
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) { drawTile(entry.target); watcher.unobserve(entry.target); }
  }
}, { rootMargin: '300px' });

const watchTiles = () => tiles.forEach((one) => watcher.observe(one));
const drawForPaper = () => tiles.forEach((one) => drawTile(one, 5));

function taskSection() {
  const search = h('input', { id: 'search', type: 'search', placeholder: 'Task id', 'aria-label': 'Search a task by its id', autocomplete: 'off', spellcheck: 'false', on: { input: () => { filter.text = search.value.trim(); applyFilter(); } } });
  search.addEventListener('keydown', (event) => { if (event.key === 'Enter' && shown.length) openTask(shown[0]); });
  const groups = countGroups().map((group) => h('button', { type: 'button', class: `chip tone-${group.tone}`, 'data-group': group.key, 'aria-pressed': 'false', title: group.about, on: { click: () => { toggle(filter.groups, group.key); applyFilter(); } } }, groupMark(group), group.label, h('small', {}, String(group.n))));
  const by = h('select', { id: 'by', 'aria-label': 'Who stands behind the first attempt', on: { change: () => { filter.by = by.value === '' ? null : Number(by.value); applyFilter(); } } },
    h('option', { value: '' }, 'answered by anybody'), DATA.proposers.map((name, index) => DATA.tasks.some((task) => task.by.includes(index)) && h('option', { value: index }, `answered by ${name}`)));
  const sort = h('select', { id: 'sort', 'aria-label': 'Order', on: { change: () => { filter.sort = sort.value; applyFilter(); } } }, Object.entries(SORTS).map(([key, [label]]) => h('option', { value: key }, label)));
  return h('section', { class: 'tasks', id: 'tasks', tabindex: -1 },
    h('div', { class: 'tasks-head' }, h('h2', {}, 'Tasks'), h('p', { id: 'n-shown', 'aria-live': 'polite' })),
    h('div', { class: 'filters' }, h('label', { class: 'search' }, h('kbd', {}, '/'), search), h('div', { class: 'chips' }, groups), h('span', { class: 'selects' }, by, sort), h('button', { type: 'button', id: 'clear', class: 'quiet', hidden: true, on: { click: () => showOnly({}) } }, 'Show all')),
    h('p', { class: 'pairing' }, COMPARED ? 'Each tile: the first attempt of A and of B.' : 'Each tile: the test input and the first attempt.'),
    h('div', { id: 'tiles' }, DATA.tasks.map(tile)),
    h('div', { id: 'nothing', hidden: true }, empty('No task is like this.')));
}

const toggle = (set, key) => { if (!set.delete(key)) set.add(key); };

function matches(task, index) {
  return (!filter.groups.size || filter.groups.has(task.group))
    && (filter.by === null || task.by.includes(filter.by))
    && (!filter.only || filter.only.tasks.has(index))
    && task.id.toLowerCase().includes(filter.text.toLowerCase());
}

function applyFilter() {
  shown = DATA.tasks.map((_, index) => index).filter((index) => matches(DATA.tasks[index], index));
  const key = SORTS[filter.sort][1];
  if (key) {
    const keys = new Map(shown.map((index) => [index, key(DATA.tasks[index])]));
    shown.sort((one, other) => keys.get(one) - keys.get(other) || one - other);
  } else if (filter.sort === 'id') shown.sort((one, other) => (DATA.tasks[one].id < DATA.tasks[other].id ? -1 : 1));
  $('tiles').replaceChildren(...shown.map((index) => tiles[index]));
  const all = shown.length === DATA.tasks.length;
  $('n-shown').textContent = all ? many(shown.length, 'task') : `${shown.length} of ${many(DATA.tasks.length, 'task')}${filter.only ? `: ${filter.only.label}` : ''}`;
  $('nothing').hidden = shown.length > 0;
  $('clear').hidden = all;
  $('search').value = filter.text === $('search').value.trim() ? $('search').value : filter.text;
  $('by').value = filter.by === null ? '' : String(filter.by);
  $('sort').value = filter.sort;
  for (const chip of document.querySelectorAll('.chip')) chip.setAttribute('aria-pressed', String(filter.groups.has(chip.dataset.group)));
}

// Set the whole filter and bring the tasks into view.
function showOnly({ groups = [], only = null }) {
  Object.assign(filter, { groups: new Set(groups), by: null, text: '', only });
  applyFilter();
  if (groups.length || only) $('tasks').scrollIntoView({ block: 'start' });
}

function drawOverview() {
  $('overview').replaceChildren(hero(), ...(COMPARED ? comparisonParts() : reportParts()).flat(), taskSection());
  applyFilter();
  watchTiles();
}
