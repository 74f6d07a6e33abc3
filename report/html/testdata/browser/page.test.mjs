// Opens pages in Chromium and uses them as people do:
// node page.test.mjs page.html summary.json hostile.html hostile-revealed.html
// CHROMIUM names the browser.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [page, summaryFile, ...hostile] = process.argv.slice(2);
const summary = JSON.parse(readFileSync(summaryFile, 'utf8'));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
let passed = 0, failed = 0;

function check(what, ok, detail) {
  if (ok) { passed++; return; }
  failed++;
  console.log('FAILED: ' + what + (detail === undefined ? '' : ': ' + (typeof detail === 'string' ? detail : JSON.stringify(detail)).slice(0, 2000)));
}

// visit opens a page and notes what it asks for and complains of.
async function visit(file, look = {}, hash = '') {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...look });
  const tab = await context.newPage();
  tab.asked = [];
  tab.said = [];
  tab.on('request', r => { if (!r.url().startsWith('blob:')) tab.asked.push(r.url()); });
  tab.on('console', m => tab.said.push(m.text()));
  tab.on('pageerror', e => tab.said.push(String(e)));
  tab.on('dialog', d => { tab.said.push('dialog ' + d.message()); d.dismiss(); });
  await tab.goto(pathToFileURL(file).href + hash);
  if (look.javaScriptEnabled !== false) await tab.waitForSelector('html[data-ready]');
  return tab;
}

async function quiet(tab, what) {
  check(what + ' asks for nothing but itself', tab.asked.length === 1, tab.asked);
  check(what + ' complains of nothing', tab.said.length === 0, tab.said);
  check(what + ' ran no script of a log', await tab.evaluate(() => window.pwned === undefined));
  await tab.context().close();
}

async function accessible(tab, what, rules) {
  const found = await tab.evaluate(axe + ';axe.run(document, { ' + (rules ? 'runOnly: ' + JSON.stringify(rules) + ', ' : '') + 'resultTypes: ["violations"] }).then(r => r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => [v.id, v.nodes.length, v.nodes[0].html]))');
  check(what + ' has no serious violation', found.length === 0, found);
}

const rows = (tab, list) => tab.$$eval('[data-list=' + list + '] tbody tr', all => all.map(tr => [...tr.cells].map(c => c.textContent)));
const status = tab => tab.textContent('[data-list=accounts] [role=status]');
const digits = s => Number(s.replace(/[^0-9-]/g, ''));
const filter = (tab, name, value) => tab.selectOption('[data-list=accounts] [data-filter=' + name + ']', value);
const total = async tab => { const s = await status(tab); return /no rows/.test(s) ? 0 : digits(s.split('of')[1]); };

{ // Lists
  const tab = await visit(page);
  console.log('interactive after ' + await tab.evaluate(() => document.documentElement.dataset.ready) + ' ms');
  check('all victims are listed', await total(tab) === summary.tables.victims, await status(tab));
  const first = await rows(tab, 'accounts');
  check('the largest loss is first', first.every((r, i) => i === 0 || digits(first[i - 1][8]) >= digits(r[8])), first.map(r => r[8]));
  await tab.click('[data-list=accounts] th[data-key=net] button');
  check('sorting is told', await tab.getAttribute('[data-list=accounts] th[data-key=net]', 'aria-sort') === 'descending');
  await tab.click('[data-list=accounts] th[data-key=net] button');
  const last = await rows(tab, 'accounts');
  check('the smallest loss is first', last.every((r, i) => i === 0 || digits(last[i - 1][8]) <= digits(r[8])) && digits(last[0][8]) < digits(first[0][8]), last.map(r => r[8]));
  await tab.focus('[data-list=accounts] th[data-key=at] button');
  await tab.keyboard.press('Enter');
  const timed = await rows(tab, 'accounts');
  check('the keyboard sorts', timed.every((r, i) => i === 0 || timed[i - 1][4] <= r[4]), timed.map(r => r[4]));
  await filter(tab, 'tier', 'possible');
  check('the possible are as many as the summary says', await total(tab) === summary.victims.possible, await status(tab));
  await filter(tab, 'tier', '');
  await filter(tab, 'show', 'all');
  check('all accounts are listed', await total(tab) === summary.tables.takeovers, await status(tab));
  await filter(tab, 'show', 'entered');
  check('the others are', await total(tab) === summary.tables.takeovers - summary.tables.victims, await status(tab));
  await filter(tab, 'show', 'all');
  const page1 = await rows(tab, 'accounts');
  await tab.click('[data-list=accounts] .pager button:nth-of-type(2)');
  const page2 = await rows(tab, 'accounts');
  check('pages turn', page2.length > 0 && page1[0][0] !== page2[0][0] && /26/.test(await status(tab)), await status(tab));
  await tab.fill('[data-list=accounts] input', page1[3][0]);
  const one = await rows(tab, 'accounts');
  check('a number is found', one.some(r => r[0] === page1[3][0]), one);
  await tab.fill('[data-list=accounts] input', 'no such thing');
  check('nothing is found', (await rows(tab, 'accounts')).length === 0);
  await tab.fill('[data-list=accounts] input', '');

  // One account
  await filter(tab, 'show', 'victims');
  await tab.click('[data-list=accounts] th[data-key=charges] button');
  const [victim] = await rows(tab, 'accounts');
  await tab.click('[data-list=accounts] tbody a');
  await tab.waitForSelector('#account h3');
  check('the account is shown', (await tab.textContent('#account h3')).includes(victim[1]), await tab.textContent('#account h3'));
  check('its address names it', (await tab.evaluate(() => location.hash)) === '#account-' + victim[0]);
  const statuses = await tab.$$eval('#account tbody tr', all => all.map(tr => tr.className));
  check('its charges are shown', statuses[0] === 'entry' || statuses.includes('entry'), statuses);
  check('they are as many as the list says', statuses.filter(s => s !== 'entry' && s !== 'declined').length === digits(victim[7]), [statuses, victim]);
  check('its line is drawn', (await tab.$$('#account svg rect')).length === statuses.length - 1);
  await accessible(tab, 'an account');

  // Languages
  const english = await tab.textContent('h1');
  await tab.click('[data-do=language]');
  check('the language is told', await tab.evaluate(() => document.documentElement.lang) === 'ja' && await tab.getAttribute('main', 'lang') === 'ja');
  check('the page is in Japanese', /被害者/.test(await tab.textContent('h1')), await tab.textContent('h1'));
  check('the account is still shown', /アカウント/.test(await tab.textContent('#account h3')));
  const shown = await rows(tab, 'accounts');
  check('the list is as it was', shown.length > 0 && shown[0][0] === victim[0] && digits(shown[0][8]) === digits(victim[8]) && /円$/.test(shown[0][8]), shown[0]);
  await tab.click('[data-list=accounts] th[data-key=number] button');
  const numbered = await rows(tab, 'accounts');
  check('lists sort in Japanese', numbered.every((r, i) => i === 0 || Number(numbered[i - 1][0]) < Number(r[0])), numbered.map(r => r[0]));
  await tab.click('[data-do=language]');
  check('it is back in English', await tab.textContent('h1') === english);
  await tab.click('#account button');
  check('the account is closed', await tab.isHidden('#account'));

  // Shops and sources
  for (const list of ['shops', 'places']) {
    const all = await rows(tab, list);
    check(list + ' are listed', all.length === Math.min(25, summary.tables[list === 'shops' ? 'stores' : 'sources']), all.length);
    await tab.fill('[data-list=' + list + '] input', all[1][list === 'shops' ? 0 : 2]);
    check(list + ' are found', (await rows(tab, list)).length >= 1);
  }

  // Paper
  const pdf = await tab.pdf({ format: 'A4' });
  check('it prints', pdf.length > 20000 && pdf.subarray(0, 5).toString() === '%PDF-', pdf.length);
  check('what was folded is folded again', (await tab.$$('details.way[open]')).length === 1);
  await quiet(tab, 'the page');
}

for (const [what, look] of [['light', {}], ['dark', { colorScheme: 'dark' }], ['phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }]]) {
  const tab = await visit(page, look);
  await accessible(tab, what, what === 'light' ? undefined : ['color-contrast', 'target-size', 'scrollable-region-focusable']);
  check(what + ' does not scroll sideways', await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), await tab.evaluate(() => document.documentElement.scrollWidth));
  await quiet(tab, what);
}

{ // An address opens an account; without scripts the first rows stand there.
  const tab = await visit(page, {}, '#account-2');
  await tab.waitForSelector('#account h3');
  check('an address opens an account', /account 2 /.test(await tab.textContent('#account h3')));
  await quiet(tab, 'an address');
  const plain = await visit(page, { javaScriptEnabled: false });
  check('the first rows stand without scripts', (await rows(plain, 'accounts')).length === 25);
  check('no control stands without scripts', await plain.isHidden('.controls') && await plain.isHidden('[data-do=language]'));
  await plain.context().close();
}

// What attackers wrote is text.
for (const file of hostile) {
  const tab = await visit(file);
  const count = () => tab.evaluate(() => [document.querySelectorAll('script').length, document.querySelectorAll('img,iframe,object,embed,base,link,form').length]);
  const scripts = await count();
  await filter(tab, 'show', 'all');
  await filter(tab, 'size', '500');
  const links = tab.locator('[data-list=accounts] tbody a');
  for (let i = 0; i < 12; i++) {
    await links.nth(i).evaluate(a => a.click());
    await tab.waitForFunction(a => (document.querySelector('#account-heading') || {}).textContent?.includes(' ' + a + ' '), (await links.nth(i).getAttribute('href')).replace('#account-', ''));
  }
  await tab.click('[data-do=language]');
  const after = await count();
  check('no element comes from a log', JSON.stringify(scripts) === JSON.stringify(after) && after[1] === 0, [scripts, after]);
  const text = await tab.evaluate(() => document.body.textContent);
  if (file === hostile[1]) { // where ids are shown
    for (const wrote of ['<script>window.pwned=1</script>', 'onerror=', '</template></main>', '\\u202eabc', '{{.Reveal}}']) {
      check('what was written is shown: ' + wrote, text.includes(wrote));
    }
  }
  check('nothing hides in them', !/[\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029\u0000]/.test(text));
  check('long ids are cut', !text.includes('long-id-'.repeat(20)));
  check('long ids do not widen the page', await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await quiet(tab, 'a hostile page');
}

await browser.close();
console.log(passed + ' passed, ' + failed + ' failed');
process.exit(failed ? 1 : 0);
