// A server with answer pages and a browser that reads them, for the tests beside this file.
import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {existsSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {createInterface} from 'node:readline';

const chromium = process.env.YINGDA_CHROMIUM ?? '/usr/bin/chromium';

async function playwright() {
  try {
    return await import('playwright-core');
  } catch {
    throw new Error('playwright-core is not installed: run tools/dependencies.sh');
  }
}

export class Stage {
  static async open() {
    if (!existsSync(chromium)) throw new Error(`${chromium} is not there: run tools/dependencies.sh`);
    const stage = new Stage();
    stage.process = spawn(process.env.YINGDA_ANSWER_PAGE_SERVER, {stdio: ['pipe', 'pipe', 'inherit']});
    stage.ended = new Promise(resolve => stage.process.on('exit', resolve));
    const port = await new Promise((resolve, reject) => {
      createInterface({input: stage.process.stdout}).once('line', resolve);
      stage.process.once('error', reject);
      stage.process.once('exit', code => reject(new Error(`the server ended with ${code}`)));
    });
    stage.origin = `http://127.0.0.1:${port}`;
    stage.browser = await (await playwright()).chromium.launch({
      executablePath: chromium,
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    });
    return stage;
  }

  // Resolves to the server's exit code: 0 when it had not to cut anybody off.
  async close() {
    await this.browser?.close();
    this.process.stdin.end();
    return this.ended;
  }

  // A way to the server that can be cut.
  async fragileWay() {
    const sockets = new Set();
    const proxy = createServer(client => {
      const server = connect(Number(new URL(this.origin).port), '127.0.0.1');
      for (const [from, to] of [[client, server], [server, client]]) {
        sockets.add(from);
        from.pipe(to).on('error', () => {});
        from.on('close', () => { sockets.delete(from); to.destroy(); });
      }
    });
    await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve));
    return {
      origin: `http://127.0.0.1:${proxy.address().port}`,
      cut: () => { for (const socket of [...sockets]) socket.destroy(); },
      close: () => { for (const socket of [...sockets]) socket.destroy(); proxy.close(); },
    };
  }

  newId() { return randomBytes(16).toString('hex'); }
  address(id) { return `${this.origin}/a/${id}`; }
  async control(what, id, body = '') {
    const response = await fetch(`${this.origin}/control/${what}/${id}`, {method: 'POST', body});
    if (!response.ok) throw new Error(`${what}: ${response.status}`);
  }
  // Is the answer of this page still waiting in its follower's inbox?
  async unread(id) {
    return (await (await fetch(`${this.origin}/control/unread`)).text()).split('\n').includes(id);
  }
  // A finished page.
  async page(markdown, question = '问题') {
    const id = this.newId();
    await this.control('begin', id, question);
    await this.control('finish', id, markdown);
    return id;
  }

  // A reader with a browser of their own: a phone, unless told otherwise. What must never happen on any page is
  // gathered in `complaints`: script errors, violations of our own policy, requests to elsewhere, cookies.
  async reader(options = {}) {
    const context = await this.browser.newContext({
      viewport: {width: 375, height: 667}, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai', ...options,
    });
    const page = await context.newPage();
    const complaints = [];
    page.on('pageerror', error => complaints.push(`script error: ${error.message}`));
    page.on('console', line => {
      if (/Content Security Policy|Refused to/i.test(line.text())) complaints.push(line.text());
    });
    page.on('dialog', dialog => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    context.on('request', request => {
      if (!request.url().startsWith(`${this.origin}/a/`) && request.url() !== `${this.origin}/favicon.ico`) {
        complaints.push(`request to ${request.url()}`);
      }
    });
    const close = async () => {
      for (const cookie of await context.cookies()) complaints.push(`cookie ${cookie.name}`);
      await context.close();
      return complaints;
    };
    return {page, context, complaints, close};
  }
}

// Polls: what is waited for happens in another process.
export async function until(condition, what, milliseconds = 20000) {
  const deadline = Date.now() + milliseconds;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${milliseconds} ms`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

// Lets a test decide whether the page is before somebody's eyes.
export async function controlVisibility(page, visible) {
  await page.addInitScript(start => {
    let state = start ? 'visible' : 'hidden';
    Object.defineProperty(Document.prototype, 'visibilityState', {get: () => state, configurable: true});
    Object.defineProperty(Document.prototype, 'hidden', {get: () => state === 'hidden', configurable: true});
    window.setVisible = now => {
      state = now ? 'visible' : 'hidden';
      document.dispatchEvent(new Event('visibilitychange'));
    };
  }, visible);
}
