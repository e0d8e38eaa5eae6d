import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';

import {controlVisibility, Stage, until} from './stage.mjs';

const rich = `## 三种方案

先看**结论**：选第二种，见 [说明文档](https://example.com/doc?a=1&b=2)。

| 方案 | 费用（元/月） | 适合谁 | 说明 | 备注 |
| --- | ---: | :---: | --- | --- |
| 甲 | 10 | 个人 | 便宜，但是要自己维护服务器和数据库 | 随时可以退订，按天计费 |
| 乙 | 2000 | 公司 | 省心 | 合同一年一签 |

1. 登录后台
2. 打开设置
   - 选择时区
   - 保存

> 注意：改了设置以后要**重新启动**。

\`\`\`python
def greet(name, greeting="你好，很高兴认识你，今天过得怎么样，有什么可以帮你的吗", punctuation="！"):
    return f"{greeting}，{name}{punctuation}"  # 1 < 2 && "引号"
\`\`\`

行内代码 \`a < b\` 与公式 $E=mc^2$，还有一个很长的网址 https://example.com/${'a'.repeat(120)}

---

最后一段。`;

describe('answer page', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  after(async () => assert.equal(await stage?.close(), 0, 'the server stops without cutting anybody off'));

  test('renders tables, code, lists and links', async () => {
    const id = await stage.page(rich, '哪种方案好？');
    const reader = await stage.reader();
    const response = await reader.page.goto(stage.address(id));
    assert.equal(response.status(), 200);
    assert.equal(response.headers()['set-cookie'], undefined);
    const {page} = reader;
    assert.equal(await page.textContent('h1'), '哪种方案好？');
    assert.equal(await page.locator('#answer th').count(), 5);
    assert.equal(await page.locator('#answer td').count(), 10);
    assert.equal(await page.locator('#answer ol > li').count(), 2);
    assert.equal(await page.locator('#answer ol ul > li').count(), 2);
    assert.match(await page.textContent('#answer pre code'), /1 < 2 && "引号"/);
    assert.equal(await page.getAttribute('#answer a >> nth=0', 'href'), 'https://example.com/doc?a=1&b=2');
    assert.equal(await page.locator('#answer strong').count(), 2);
    const align = await page.locator('#answer td').nth(1).evaluate(cell => getComputedStyle(cell).textAlign);
    assert.equal(align, 'right', 'alignment of columns needs no inline style');
    assert.equal(await page.locator('#status').isVisible(), false);
    assert.deepEqual(await reader.close(), []);
  });

  test('fits a narrow phone: only code and tables scroll sideways', async () => {
    const id = await stage.page(rich, '一个很长的问题'.repeat(30) + 'https://example.com/' + 'b'.repeat(200));
    for (const width of [320, 375]) {
      const reader = await stage.reader({viewport: {width, height: 667}});
      await reader.page.goto(stage.address(id));
      const widths = await reader.page.evaluate(() => ({
        page: document.documentElement.scrollWidth,
        code: [document.querySelector('pre').scrollWidth, document.querySelector('pre').clientWidth],
        table: [document.querySelector('table').scrollWidth, document.querySelector('table').clientWidth],
      }));
      assert.equal(widths.page, width);
      assert.ok(widths.code[0] > widths.code[1], 'a long line of code keeps its shape');
      assert.ok(widths.table[0] > widths.table[1], 'a wide table keeps its columns');
      assert.deepEqual(await reader.close(), []);
    }
  });

  test('is dark when the phone is', async () => {
    const id = await stage.page(rich);
    const colours = {};
    for (const colorScheme of ['light', 'dark']) {
      const reader = await stage.reader({colorScheme});
      await reader.page.goto(stage.address(id));
      colours[colorScheme] = await reader.page.evaluate(() => {
        const brightness = (element, property) => {
          const [red, green, blue] = getComputedStyle(element)[property].match(/\d+/g).map(Number);
          return (red * 299 + green * 587 + blue * 114) / 1000;
        };
        const card = document.getElementById('card');
        return {card: brightness(card, 'backgroundColor'), text: brightness(card, 'color'),
                page: brightness(document.body, 'backgroundColor')};
      });
      await reader.close();
    }
    assert.ok(colours.light.card > 200 && colours.light.page > 200 && colours.light.text < 60, JSON.stringify(colours));
    assert.ok(colours.dark.card < 60 && colours.dark.page < 60 && colours.dark.text > 200, JSON.stringify(colours));
  });

  test('grows while it is written, without a reload, and leaves what stands there alone', async () => {
    const id = stage.newId();
    await stage.control('begin', id, '写一首诗');
    const reader = await stage.reader();
    const {page} = reader;
    await page.goto(stage.address(id));
    assert.equal(await page.locator('#status').isVisible(), true, 'says that it is being written');
    await stage.control('write', id, '第一段。\n\n第二');
    await page.waitForSelector('#answer >> text=第二');
    await page.evaluate(() => {
      window.sameDocument = true;
      document.querySelector('#answer').children[0].marked = true;
      document.querySelector('#answer').children[0].firstElementChild.marked = true;
    });
    await stage.control('write', id, '第一段。\n\n第二段。\n\n- 甲\n- 乙');
    await page.waitForSelector('#answer >> text=乙');
    await stage.control('finish', id, '第一段。\n\n第二段。\n\n- 甲\n- 乙\n- 丙\n\n完。');
    await page.waitForSelector('html[data-state=done]');
    assert.deepEqual(await page.locator('#answer > div').allInnerTexts(), ['第一段。', '第二段。', '甲\n乙\n丙', '完。']);
    assert.equal(await page.evaluate(() => window.sameDocument), true);
    assert.equal(await page.evaluate(() => document.querySelector('#answer').children[0].marked &&
                                           document.querySelector('#answer').children[0].firstElementChild.marked), true);
    assert.equal(await page.locator('#status').isVisible(), false);
    assert.equal(await page.getAttribute('#answer', 'aria-busy'), 'false');
    assert.deepEqual(await reader.close(), []);
  });

  test('ends as the same page that a later reader gets', async () => {
    const id = stage.newId();
    await stage.control('begin', id, '同样');
    const follower = await stage.reader();
    await follower.page.goto(stage.address(id));
    for (let bytes = 40; bytes < rich.length; bytes += 40) {
      await stage.control('write', id, rich.slice(0, bytes));
    }
    await stage.control('finish', id, rich);
    await follower.page.waitForSelector('html[data-state=done]');
    const later = await stage.reader();
    await later.page.goto(stage.address(id));
    assert.equal(await follower.page.innerHTML('#answer'), await later.page.innerHTML('#answer'));
    assert.deepEqual([...await follower.close(), ...await later.close()], []);
  });

  test('goes on by itself after its stream broke', async () => {
    const id = stage.newId();
    await stage.control('begin', id, '断线');
    await stage.control('write', id, '第一段。');
    const reader = await stage.reader();
    const way = await stage.fragileWay();
    const live = () => reader.page.waitForResponse(response => response.url().endsWith('/live'));
    const first = live();
    await reader.page.goto(`${way.origin}/a/${id}`);
    await first;
    await reader.page.evaluate(() => { document.querySelector('#answer').children[0].marked = true; });
    const second = live();
    way.cut();
    await stage.control('write', id, '第一段。\n\n第二段。');
    assert.equal((await second).status(), 200);
    await reader.page.waitForSelector('#answer >> text=第二段');
    await stage.control('finish', id, '第一段。\n\n第二段。\n\n第三段。');
    await reader.page.waitForSelector('html[data-state=done]');
    assert.deepEqual(await reader.page.locator('#answer > div').allInnerTexts(), ['第一段。', '第二段。', '第三段。']);
    assert.equal(await reader.page.evaluate(() => document.querySelector('#answer').children[0].marked), true);
    await reader.close();
    way.close();
  });

  test('reader over the bound is served by reloading', async () => {
    const id = stage.newId();
    await stage.control('begin', id, '挤');
    await stage.control('write', id, '一。');
    const readers = [await stage.reader(), await stage.reader(), await stage.reader()];
    for (const {page} of readers.slice(0, 2)) {
      const live = page.waitForResponse(response => response.url().endsWith('/live'));
      await page.goto(stage.address(id));
      assert.equal((await live).status(), 200);
    }
    const {page} = readers[2];
    await page.clock.install();
    const refused = page.waitForResponse(response => response.url().endsWith('/live'));
    await page.goto(stage.address(id));
    assert.equal((await refused).status(), 503);
    await stage.control('finish', id, '一。二。');
    await until(async () => {
      await page.clock.fastForward(8000);
      return await page.getAttribute('html', 'data-state').catch(() => '') === 'done';
    }, 'the page reloads');
    assert.equal(await page.innerText('#answer'), '一。二。');
    for (const reader of readers) await reader.close();
  });

  test('page whose process died says so by waiting, and shows the answer once it is there', async () => {
    const id = stage.newId();
    await stage.control('orphan', id, '写到一半');
    const reader = await stage.reader();
    await reader.page.clock.install();
    await reader.page.goto(stage.address(id));
    assert.equal(await reader.page.locator('#status').isVisible(), true);
    await stage.control('begin', id, '问题');
    await stage.control('finish', id, '写完了');
    await until(async () => {
      await reader.page.clock.fastForward(8000);
      return await reader.page.getAttribute('html', 'data-state').catch(() => '') === 'done';
    }, 'the page reloads');
    assert.equal(await reader.page.innerText('#answer'), '写完了');
    await reader.close();
  });

  test('counts as read once the whole answer was before somebody, and only then', async () => {
    const id = await stage.page('回答');
    const reader = await stage.reader();
    const {page} = reader;
    const marks = [];
    page.on('request', request => { if (request.method() === 'POST') marks.push(request.url()); });
    await controlVisibility(page, false);
    await page.clock.install();
    await page.goto(stage.address(id));
    await page.clock.fastForward(60000);
    assert.deepEqual(marks, [], 'nobody looks');
    await page.evaluate(() => window.setVisible(true));
    await page.clock.fastForward(1000);
    await page.evaluate(() => window.setVisible(false));
    await page.clock.fastForward(60000);
    assert.deepEqual(marks, [], 'a glance is not reading');
    assert.equal(await stage.unread(id), true);
    await page.evaluate(() => window.setVisible(true));
    await page.clock.fastForward(2000);
    await until(async () => !await stage.unread(id), 'the answer leaves the inbox');
    await page.evaluate(() => { window.setVisible(false); window.setVisible(true); });
    await page.clock.fastForward(60000);
    assert.deepEqual(marks, [`${stage.address(id)}/read`], 'once');
    assert.equal((await page.reload()).status(), 200, 'the page stays under its address');
    assert.deepEqual(await reader.close(), []);
  });

  test('does not count as read while it is being written', async () => {
    const id = stage.newId();
    await stage.control('begin', id, '问题');
    await stage.control('write', id, '一半');
    const reader = await stage.reader();
    const {page} = reader;
    const marks = [];
    page.on('request', request => { if (request.method() === 'POST') marks.push(request.url()); });
    await controlVisibility(page, true);
    await page.clock.install();
    await page.goto(stage.address(id));
    await page.waitForSelector('#answer >> text=一半');
    await page.clock.fastForward(60000);
    assert.deepEqual(marks, []);
    await stage.control('finish', id, '全部');
    await page.waitForSelector('html[data-state=done]');
    await page.clock.fastForward(2000);
    await until(async () => !await stage.unread(id), 'the answer leaves the inbox');
    assert.deepEqual(await reader.close(), []);
  });

  test('works without JavaScript: the content is there and the page reloads itself', async () => {
    const id = stage.newId();
    await stage.control('begin', id, '没有脚本');
    await stage.control('write', id, '已经写好的部分。');
    const reader = await stage.reader({javaScriptEnabled: false});
    await reader.page.goto(stage.address(id));
    assert.equal(await reader.page.innerText('#answer'), '已经写好的部分。');
    await stage.control('finish', id, '已经写好的部分。全部。');
    await reader.page.waitForSelector('#answer >> text=全部', {timeout: 20000});
    assert.equal(await reader.page.locator('meta[http-equiv=refresh]').count(), 0, 'and stops when it is whole');
    assert.equal(await stage.unread(id), true, 'who runs no script has not told that it was read');
    assert.deepEqual(await reader.close(), []);
  });

  test('expired, unknown and abandoned pages are a kind 404', async () => {
    const expired = await stage.page('旧');
    await stage.control('expire', expired);
    const reader = await stage.reader();
    let words = '';
    for (const id of [expired, stage.newId(), 'nonsense']) {
      const response = await reader.page.goto(stage.address(id));
      assert.equal(response.status(), 404);
      const text = await reader.page.innerText('main');
      assert.match(text, /已经不在了[^]*回到公众号/);
      words ||= text;
      assert.equal(text, words);
      assert.equal(await reader.page.evaluate(() => document.documentElement.scrollWidth), 375);
    }
    const id = stage.newId();
    await stage.control('begin', id, '走了');
    await reader.page.goto(stage.address(id));
    await stage.control('abandon', id);
    await reader.page.waitForSelector('text=已经不在了');
    assert.deepEqual(await reader.close(), []);
  });

  test('is not for search engines, stores nothing and fits in 30 KB', async () => {
    const id = await stage.page('');
    const response = await fetch(stage.address(id));
    const html = await response.text();
    assert.match(response.headers.get('x-robots-tag'), /noindex/);
    assert.match(html, /<meta name="robots" content="noindex/);
    assert.ok(Buffer.byteLength(html) <= 30000, `${Buffer.byteLength(html)} bytes`);
    const reader = await stage.reader();
    await reader.page.goto(stage.address(id));
    assert.deepEqual(await reader.page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]),
                     [0, 0, '']);
    assert.deepEqual(await reader.close(), []);
  });
});
