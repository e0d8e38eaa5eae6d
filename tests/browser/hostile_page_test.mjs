import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';

import {Stage} from './stage.mjs';

// Each tries to call steal(), load from elsewhere, dress the page up, or break out of where it stands.
const attacks = [
  '<script>steal()</script>',
  '<img src=x onerror="steal()">',
  '<svg onload="steal()"><script>steal()</script></svg>',
  '<svg><style><img src=x onerror=steal()></style></svg>',
  '<style>body{display:none}@import "https://evil.example/x.css"</style>',
  '<link rel=stylesheet href="https://evil.example/x.css"><base href="https://evil.example/">',
  '<iframe src="javascript:parent.steal()"></iframe><iframe srcdoc="<script>parent.steal()</script>"></iframe>',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">',
  '<form action="https://evil.example/"><button autofocus onfocus=steal()>点我</button></form>',
  '<details open ontoggle=steal()>x</details><video src=x onerror=steal()></video><body onload=steal()>',
  '<math><mtext></mtext><mglyph><style><img src=x onerror=steal()></style></mglyph></math>',
  '[点我](javascript:steal())',
  '[点我](JaVaScRiPt:steal())',
  '[点我](java&#x73;cript:steal())',
  '[点我](\tjavascript:steal())',
  '[点我](data:text/html,<script>steal()</script>)',
  '[点我](vbscript:steal() "标题")',
  '[点我](https://example.com/"onmouseover="steal\\(\\))',
  '[点我](<https://example.com/" onclick="steal()>)',
  '[点我](https://example.com "x\\" onclick=\\"steal()")',
  '[<img src=x onerror=steal()>](https://example.com)',
  '<javascript:steal()>',
  '![图](https://evil.example/pixel.png)',
  '![图](x" onerror="steal())',
  '![" onerror="steal()](https://evil.example/p.png)',
  '```"><script>steal()</script>\n</code></pre><script>steal()</script>\n```',
  '`</code><script>steal()</script>`',
  '| <script>steal()</script> | b |\n| :-- | --" onclick="steal() |\n| <img src=x onerror=steal()> | `|<svg onload=steal()>` |',
  '</div></article></main><script>steal()</script><!-- ',
  '</script><script>steal()</script>',
  ']]><script>steal()</script>',
  '<!--><script>steal()</script>-->',
  '<![CDATA[<script>steal()</script>]]>',
  '<?php steal() ?><!DOCTYPE html>',
  '&lt;script&gt;steal()&lt;/script&gt; &#60;script&#62;steal()&#60;/script&#62;',
  '[a]: javascript:steal()\n\n[点我][a] [a]',
  '- [ ] <input onfocus=steal() autofocus>',
  '# <a href="javascript:steal()">标题</a>',
  '$<script>steal()</script>$ $$<img src=x onerror=steal()>$$',
  '\u202e<script>steal()</script>\u0000<scr\u0000ipt>steal()</scr\u0000ipt>',
  'data: {"from":0,"blocks":["<script>steal()</script>"]}\n\nevent: done\ndata: {}\n\n',
  '<p id=answer>x</p><p id=status>y</p>',
  '<x-a style="position:fixed;inset:0;z-index:9">盖住</x-a>',
];

async function inspect(page) {
  return page.evaluate(() => {
    const found = [];
    for (const element of document.querySelectorAll('#answer *')) {
      if (/^(script|style|iframe|svg|math|object|embed|form|link|meta|base|img|video|audio|button|details)$/i.test(element.localName)) {
        found.push(element.outerHTML);
      }
      for (const {name} of element.attributes) {
        if (/^on|^style$|^srcdoc$|^id$|^name$/i.test(name)) found.push(element.outerHTML);
      }
      if (element.localName === 'a' && !/^(https?|mailto):/.test(element.protocol ? element.href : 'none')) {
        found.push(element.outerHTML);
      }
    }
    return {found, stolen: window.stolen ?? 0, parts: document.querySelectorAll('#card, #answer, #status, footer').length,
            visible: getComputedStyle(document.body).display !== 'none'};
  });
}

async function watch(reader) {
  await reader.page.addInitScript(() => {
    window.steal = () => { window.stolen = (window.stolen ?? 0) + 1; };
    document.addEventListener('securitypolicyviolation', event => {
      window.violations = [...window.violations ?? [], `${event.violatedDirective} ${event.blockedURI} ${event.sample}`];
    });
  });
}

describe('hostile answer', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  after(async () => assert.equal(await stage?.close(), 0));

  test('executes nothing, loads nothing and changes nothing of the page', async () => {
    const reader = await stage.reader();
    await watch(reader);
    for (const attack of attacks) {
      const id = await stage.page(`开头\n\n${attack}\n\n结尾`, attack);
      await reader.page.goto(stage.address(id));
      const links = await reader.page.locator('#answer a').all();
      for (const link of links) await link.dispatchEvent('mouseover');
      const {found, stolen, parts, visible} = await inspect(reader.page);
      assert.deepEqual({found, stolen, parts, visible}, {found: [], stolen: 0, parts: 4, visible: true}, attack);
      assert.equal(await reader.page.evaluate(() => (window.violations ?? []).join('; ')), '', `policy: ${attack}`);
      assert.match(await reader.page.innerText('#answer > div >> nth=-1'), /结尾/, attack);
      assert.match(await reader.page.title(), /./);
    }
    assert.deepEqual(await reader.close(), []);
  });

  test('is as harmless when it arrives piece by piece', async () => {
    const reader = await stage.reader();
    await watch(reader);
    const text = attacks.join('\n\n');
    const id = stage.newId();
    await stage.control('begin', id, '</title><script>steal()</script>');
    await reader.page.goto(stage.address(id));
    for (let length = 97; length < text.length; length += 97) await stage.control('write', id, text.slice(0, length));
    await stage.control('finish', id, `${text}\n\n结尾`);
    await reader.page.waitForSelector('html[data-state=done]');
    const {found, stolen, parts, visible} = await inspect(reader.page);
    assert.deepEqual({found, stolen, parts, visible}, {found: [], stolen: 0, parts: 4, visible: true});
    assert.equal(await reader.page.evaluate(() => (window.violations ?? []).join('; ')), '');
    assert.deepEqual(await reader.close(), []);
  });

  test('would be stopped by the policy, were it not safe already', async () => {
    const id = await stage.page('无害');
    const reader = await stage.reader();
    await watch(reader);
    await reader.page.goto(stage.address(id));
    const violations = await reader.page.evaluate(async () => {
      const place = document.createElement('div');
      place.innerHTML = '<img src="https://evil.example/x.png" onerror="steal()"><p style="color:red">x</p>';
      document.body.append(place);
      const script = document.createElement('script');
      script.textContent = 'steal()';
      document.body.append(script);
      await fetch('https://evil.example/').catch(() => {});
      while ((window.violations ?? []).length < 4) await new Promise(resolve => setTimeout(resolve, 10));
      return window.violations.map(violation => violation.split(' ')[0]).sort();
    });
    assert.deepEqual([...new Set(violations)].filter(name => /^(connect|img|script|style)/.test(name)).length >= 4, true,
                     violations.join());
    assert.equal(await reader.page.evaluate(() => window.stolen ?? 0), 0);
    await reader.context.close();
  });
});
