// Takes pictures of a page: node shots.mjs report.html FOLDER [NAME...]
// With a NAME only that picture is taken; README.png is the one of the README.
import { chromium } from 'playwright-core';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [page, folder, ...names] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
const shots = {
  desktop: { viewport: { width: 1200, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1, isMobile: true },
  dark: { viewport: { width: 1200, height: 900 }, colorScheme: 'dark' },
  japanese: { viewport: { width: 1200, height: 900 }, japanese: true },
  account: { viewport: { width: 1200, height: 900 }, account: true },
  README: { viewport: { width: 1100, height: 1720 }, clip: true },
};
for (const [name, { japanese, account, clip, ...look }] of Object.entries(shots)) {
  if (names.length && !names.includes(name)) continue;
  const context = await browser.newContext(look);
  const tab = await context.newPage();
  await tab.goto(pathToFileURL(page).href + (account ? '#account-1' : ''));
  await tab.waitForSelector('html[data-ready]');
  if (japanese) await tab.click('[data-do=language]');
  if (account) {
    await tab.waitForSelector('#account h3');
    await (await tab.$('#account')).screenshot({ path: join(folder, name + '.png') });
  } else {
    await tab.screenshot({ path: join(folder, name + '.png'), fullPage: !clip });
  }
  await context.close();
}
if (!names.length || names.includes('print')) {
  const tab = await browser.newPage();
  await tab.goto(pathToFileURL(page).href);
  await tab.waitForSelector('html[data-ready]');
  await tab.pdf({ path: join(folder, 'print.pdf'), format: 'A4' });
}
await browser.close();
