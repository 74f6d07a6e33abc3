// Says how quick a page is in Chromium, in milliseconds: node time.mjs report.html
// Interactive is what the page itself notes: from the start of the navigation until
// its lists can be used. The others are from a click or a key to what it shows.
import { chromium } from 'playwright-core';
import { pathToFileURL } from 'node:url';
import { statSync } from 'node:fs';

const [page] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
console.log(statSync(page).size + ' bytes');
for (let run = 0; run < 3; run++) {
  const tab = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  await tab.goto(pathToFileURL(page).href);
  await tab.waitForSelector('html[data-ready]');
  const said = ['interactive ' + await tab.evaluate(() => document.documentElement.dataset.ready)];
  const timed = async (what, act) => {
    const start = performance.now();
    await act();
    said.push(what + ' ' + Math.round(performance.now() - start));
  };
  const list = '[data-list=accounts]';
  await timed('sort', () => tab.click(list + ' th[data-key=net] button'));
  await timed('filter', () => tab.selectOption(list + ' [data-filter=show]', 'all'));
  await timed('search', () => tab.fill(list + ' input', '7'));
  await tab.fill(list + ' input', '');
  await timed('account', async () => {
    await tab.click(list + ' tbody a');
    await tab.waitForSelector('#account h3');
  });
  console.log(said.join(', '));
  await tab.close();
}
await browser.close();
