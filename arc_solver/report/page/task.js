// One task: its pairs, its tests with what was answered, the programs behind the answers, the votes.

let current = null;

const size = (grid) => `${grid.height}×${grid.width}`;

// The side of a cell so that the largest grid of a row takes about `room` pixels.
function sideFor(grids, room, most) {
  const longest = Math.max(1, ...grids.filter(Boolean).map((grid) => Math.max(grid.width, grid.height)));
  return Math.max(4, Math.min(most, Math.floor(room / longest)));
}

function picture(title, grid, options, ...below) {
  return h('figure', { class: `picture ${options.tone ? `tone-${options.tone}` : ''}` },
    h('figcaption', {}, h('b', {}, title), grid && h('small', {}, size(grid))),
    grid ? drawGrid(grid, { ...options, label: title }) : h('p', { class: 'no-grid' }, options.missing || 'no grid'), below);
}

function demonstrations(task) {
  const pairs = task.train.map((pair) => pair.map((index) => gridOf(task, index)));
  if (!pairs.length) return null;
  const side = sideFor(pairs.flat(), 190, 24);
  return h('section', { class: 'panel' }, h('h2', {}, 'Training pairs'), h('div', { class: 'pairs' }, pairs.map(([input, output], i) =>
    h('div', { class: 'pair' }, picture(`Input ${i + 1}`, input, { side }), h('span', { class: 'arrow', 'aria-hidden': 'true' }, '→'), picture(`Output ${i + 1}`, output, { side })))));
}

// How an attempt compares: what to say, and which cells to mark.
function judged(grid, truth, other) {
  if (!grid) return { text: 'no answer', tone: 'wrong', marked: [] };
  const [against, name] = truth ? [truth, 'right answer'] : [other, 'attempt 1'];
  if (!against) return { text: '', tone: '', marked: [] };
  const cells = difference(grid, against);
  if (cells === null) return { text: truth ? `wrong size: ${size(grid)}, not ${size(truth)}` : `another size than ${name}`, tone: truth ? 'wrong' : '', marked: [] };
  if (!cells.length) return { text: truth ? 'right' : '', tone: truth ? 'right' : '', marked: [] };
  const share = cells.length / grid.cells.length;
  return { text: truth ? `${many(cells.length, 'cell')} wrong (${percent(share, share < 0.1 ? 1 : 0)})` : `differs from ${name} in ${many(cells.length, 'cell')}`, tone: truth ? 'wrong' : '', marked: cells };
}

function attempt(task, test, run, number, side) {
  const one = test.runs[run].attempts[number];
  const grid = gridOf(task, one.grid), truth = gridOf(task, test.truth);
  const first = number === 1 ? gridOf(task, test.runs[run].attempts[0].grid) : null;
  const verdict = judged(grid, truth, first);
  const marked = settings.marks ? verdict.marked : [];
  return picture(`Attempt ${number + 1}`, grid, { side, marked, tone: verdict.tone, missing: 'no answer' },
    h('p', { class: 'verdict-line' }, verdict.text && [truth && h('b', { class: `mark tone-${verdict.tone}`, 'aria-hidden': 'true' }, verdict.tone === 'right' ? '✓' : '×'), verdict.text]),
    h('p', { class: 'why' }, one.by.map(proposerTag), one.why && h('span', {}, one.why), one.found_s !== null && h('span', {}, `first found after ${duration(one.found_s)}`)));
}

function testSection(task, test, index) {
  const input = gridOf(task, test.input), truth = gridOf(task, test.truth);
  const attempts = test.runs.flatMap((run) => run.attempts.map((one) => gridOf(task, one.grid)));
  const side = sideFor([input, truth, ...attempts], 250, 30);
  const title = task.tests.length > 1 ? `Test ${index + 1}` : 'Test';
  const given = picture('Input', input, { side, missing: 'cannot be read' });
  const right = truth && picture('Right answer', truth, { side, tone: 'truth' });
  const ofRun = (run) => [attempt(task, test, run, 0, side), attempt(task, test, run, 1, side)];
  return h('section', { class: 'panel test' }, h('h2', {}, title), COMPARED
    ? [h('div', { class: 'pictures' }, given, right), test.runs.map((_, run) => h('div', { class: 'of-run' }, runLabel(run), h('div', { class: 'pictures' }, ofRun(run))))]
    : h('div', { class: 'pictures' }, given, ofRun(0), right));
}

const runLabel = (run) => h('h3', {}, h('b', { class: `letter run-${run}` }, 'AB'[run]), DATA.runs[run].name);

function code(program) {
  return h('pre', { tabindex: 0 }, h('code', {}, program.code.map((piece) => {
    const kind = piece[0], text = piece.slice(1);
    if (kind === 'p') return text;
    const name = text.trim();
    return h('span', { class: `code-${kind}`, title: kind === 'w' ? DATA.words[name] : null }, text);
  })), program.cut ? h('i', {}, `… ${program.cut.toLocaleString('en')} characters more`) : null);
}

// Programs with the attempts that they answer.
function programSection(task) {
  if (!task.programs.length) return null;
  const uses = task.programs.map(() => []);
  task.tests.forEach((test, index) => test.runs.forEach((run) => run.attempts.forEach((one, number) => {
    if (one.program !== null) uses[one.program].push({ number, index, n: one.n_programs });
  })));
  return h('section', { class: 'panel' }, h('h2', {}, task.programs.length > 1 ? 'Programs' : 'Program'), h('div', { class: 'programs' }, task.programs.map((program, place) => {
    const answered = uses[place].map((use) => `attempt ${use.number + 1}${task.tests.length > 1 ? ` of test ${use.index + 1}` : ''}`);
    const agreeing = Math.max(...uses[place].map((use) => use.n)) - 1;
    return h('article', { class: 'program' }, COMPARED && runLabel(program.run),
      h('p', { class: 'why' }, h('b', {}, answered.join(', ')), proposerTag(program.by), h('span', {}, [`fits ${program.passed} of ${program.of} pairs`, `cost ${program.cost}`, program.detail, program.view && `written for the task seen with ${program.view}`, agreeing > 0 && `${many(agreeing, 'other program')} ${agreeing === 1 ? 'gives' : 'give'} the same`].filter(Boolean).join(' · '))), code(program));
  })));
}

const KINDS = { program: 'fits every pair', voted: 'voted', 'partial program': 'fits some pairs', doubted: 'doubted' };

function voteSection(task) {
  const some = task.tests.some((test) => test.runs.some((run) => run.ranked.length));
  if (!some) return null;
  return h('section', { class: 'panel' }, h('h2', {}, 'Votes'), h('p', { class: 'lead' }, 'Every different answer that was found, in the order of the votes; the first two are the attempts.'),
    task.tests.map((test, index) => test.runs.map((run, place) => {
      const grids = run.ranked.map((entry) => gridOf(task, entry.grid));
      const side = sideFor(grids, 110, 16);
      const title = [task.tests.length > 1 && `Test ${index + 1}`, COMPARED && `${'AB'[place]}: ${DATA.runs[place].name}`].filter(Boolean).join(', ');
      const left = run.n_ranked - run.ranked.length;
      return [title && h('h3', {}, title), run.ranked.length ? h('ol', { class: 'votes' }, run.ranked.map((entry, i) => h('li', { class: entry.right ? 'tone-right' : '' },
        h('p', { class: 'rank' }, h('b', {}, `${entry.rank}`), h('span', {}, KINDS[entry.kind] || entry.kind), entry.right && groupMark({ mark: '✓', tone: 'right' })),
        drawGrid(grids[i], { side, label: `Answer ${entry.rank}` }),
        h('p', { class: 'why', title: entry.why }, h('span', {}, many(entry.hits, entry.kind.includes('program') ? 'program' : 'vote')), entry.by.map(proposerTag)))), left > 0 && h('li', { class: 'more' }, `and ${left} more`)) : empty('Nothing was found.')];
    })));
}

// What the run did for this task, where its journal tells.
function courseSection(task) {
  const rows = task.courses.flatMap((course, run) => (course ? [
    ...course.time.map(([by, seconds]) => ({ run, by, what: 'time spent', value: duration(seconds) })),
    ...course.rejected.map(([by, reason, n]) => ({ run, by, what: `rejected: ${reason}`, value: n.toLocaleString('en') })),
  ] : []));
  if (!rows.length) return null;
  return h('section', { class: 'panel' }, h('h2', {}, 'Work'), h('div', { class: 'scroll' }, h('table', { class: 'work' }, h('tbody', {}, rows.map((row) => h('tr', {},
    h('th', { scope: 'row' }, COMPARED && h('b', { class: `letter run-${row.run}` }, 'AB'[row.run]), proposerTag(row.by)), h('td', {}, row.what), h('td', {}, row.value)))))));
}

function taskBar(task, place) {
  const step = (by, label, key) => h('button', { type: 'button', class: 'step', title: `${label} (${key})`, disabled: shown[place + by] === undefined, on: { click: () => openTask(shown[place + by], true) } }, by < 0 ? `← ${label}` : `${label} →`);
  const group = GROUPS[task.group];
  return h('div', { class: 'task-bar' },
    h('button', { type: 'button', class: 'back', title: 'All tasks (Esc)', on: { click: closeTask } }, h('kbd', {}, 'Esc'), 'All tasks'),
    h('h1', { tabindex: -1 }, task.id),
    h('span', { class: `state tone-${group.tone}`, title: group.about }, groupMark(group), group.label),
    h('label', { class: 'switch', title: 'Rings around cells that are wrong (m)' }, h('input', { type: 'checkbox', id: 'marks', checked: settings.marks, on: { change: toggleMarks } }), 'mark differences'),
    h('span', { class: 'steps' }, h('small', {}, place >= 0 ? `${place + 1} of ${shown.length}` : ''), step(-1, 'Previous', '←'), step(1, 'Next', '→')));
}

function toggleMarks() {
  settings.marks = !settings.marks;
  if (current !== null) drawTask(current);
}

function drawTask(index) {
  const task = DATA.tasks[index];
  current = index;
  $('task').replaceChildren(taskBar(task, shown.indexOf(index)), ...[
    task.note && h('p', { class: 'remark broken' }, task.note),
    ...task.tests.map((test, i) => testSection(task, test, i)),
    demonstrations(task), programSection(task), voteSection(task), courseSection(task),
  ].filter(Boolean));
  document.title = `${task.id} · ${DATA.title}`;
}
