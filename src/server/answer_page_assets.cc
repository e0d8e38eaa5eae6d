// SPDX-License-Identifier: MIT
#include "server/answer_page_assets.h"

namespace yingda::server {

// WeChat's browser on an older phone knows neither modules nor newer syntax, so the script keeps to what all know.
const std::string_view kAnswerPageStyle = R"css(
:root{color-scheme:light dark;--page:#ededed;--card:#fff;--text:#1a1a1a;--soft:#6b6b6b;--line:#e3e3e3;--code:#f5f6f7;
--bubble:#95ec69;--bubble-text:#0d1a06;--link:#2b5f9e;--live:#07a050}
@media (prefers-color-scheme:dark){:root{--page:#111;--card:#1c1c1e;--text:#e4e4e6;--soft:#98989d;--line:#38383a;
--code:#2a2a2d;--bubble:#2f7d4f;--bubble-text:#f2fff6;--link:#7fb2ee;--live:#3ecf7f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:17px/1.75 -apple-system,BlinkMacSystemFont,"PingFang SC",
"HarmonyOS Sans SC","MiSans","Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei",system-ui,sans-serif;
overflow-wrap:break-word;overflow-wrap:anywhere;-webkit-tap-highlight-color:transparent}
main{max-width:720px;margin:0 auto;padding:16px 12px 0;
padding:16px max(12px,env(safe-area-inset-right)) 0 max(12px,env(safe-area-inset-left))}
#question{display:flex;justify-content:flex-end;margin:0 0 14px}
h1{margin:0;max-width:88%;padding:9px 14px;border-radius:14px 4px 14px 14px;background:var(--bubble);
color:var(--bubble-text);font-size:16px;font-weight:400;line-height:1.6;white-space:pre-wrap}
#card{background:var(--card);border-radius:4px 14px 14px 14px;padding:18px 18px 20px;
box-shadow:0 1px 2px rgba(0,0,0,.05)}
#answer>div{margin:0 0 .85em}
#answer>div:last-child{margin-bottom:0}
#answer>div>:first-child{margin-top:0}
#answer>div>:last-child{margin-bottom:0}
p,ul,ol,blockquote,table,pre{margin:0 0 .85em}
h2,h3,h4,h5,h6{margin:1.3em 0 .5em;font-weight:600;line-height:1.4}
#answer>div+div>h2,#answer>div+div>h3,#answer>div+div>h4{margin-top:1.3em}
#answer h2{font-size:1.25em}#answer h3{font-size:1.15em}#answer h4{font-size:1.05em}
#answer h5,#answer h6{font-size:1em}
ul,ol{padding-left:1.5em}
li{margin:.25em 0}
li>p{margin:.25em 0}
li>ul,li>ol{margin:.25em 0}
li.task{margin-left:-1.5em;list-style:none}
.formula{font-family:"Cambria Math","Times New Roman","Songti SC",serif}
a{color:var(--link);text-decoration:underline;text-underline-offset:3px;text-decoration-thickness:1px}
blockquote{padding:.1em 0 .1em 14px;border-left:3px solid var(--line);color:var(--soft)}
blockquote>:last-child{margin-bottom:0}
hr{height:1px;margin:1.4em 0;border:0;background:var(--line)}
code{padding:.12em .35em;border-radius:5px;background:var(--code);
font:.87em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono CJK SC",monospace}
pre{overflow-x:auto;-webkit-overflow-scrolling:touch;padding:12px 14px;border-radius:10px;background:var(--code)}
pre code{padding:0;background:none;white-space:pre;overflow-wrap:normal}
table{display:block;width:max-content;max-width:100%;overflow-x:auto;-webkit-overflow-scrolling:touch;
border-collapse:collapse;font-size:.93em;line-height:1.55}
th,td{min-width:3em;max-width:12em;word-break:keep-all;overflow-wrap:break-word;
padding:7px 11px;border:1px solid var(--line);text-align:left;vertical-align:top}
th{background:var(--code);font-weight:600;white-space:nowrap}
th.right,td.right{text-align:right}th.center,td.center{text-align:center}
#status{display:none;align-items:center;margin:14px 0 0;color:var(--soft);font-size:14px}
[data-state=writing] #status{display:flex}
#answer:empty+#status{margin-top:0}
#status i{width:7px;height:7px;margin-right:9px;border-radius:50%;background:var(--live);
animation:breathe 1.4s ease-in-out infinite}
@keyframes breathe{50%{opacity:.25;transform:scale(.75)}}
@media (prefers-reduced-motion:reduce){#status i{animation:none}}
footer{max-width:720px;margin:0 auto;padding:16px 16px 28px;
padding:16px 16px calc(28px + env(safe-area-inset-bottom));color:var(--soft);
font-size:12.5px;line-height:1.7;text-align:center}
#notice{max-width:420px;margin:18vh auto 0;padding:0 24px;text-align:center}
#notice b{display:block;margin-bottom:10px;font-size:19px;font-weight:600}
#notice p{color:var(--soft);font-size:15px}
)css";

const std::string_view kAnswerPageScript = R"js(
(function () {
  'use strict';
  var root = document.documentElement, answer = document.getElementById('answer');
  var address = location.pathname.replace(/\/+$/, '');
  var told = false, timer = 0;

  function tellRead() {
    told = true;
    if (window.fetch) {
      fetch(address + '/read', {method: 'POST', keepalive: true, credentials: 'omit'})
        .catch(function () { told = false; });
    } else if (navigator.sendBeacon) {
      navigator.sendBeacon(address + '/read');
    }
  }
  function lookWhetherSeen() {
    clearTimeout(timer);
    if (!told && document.visibilityState === 'visible') timer = setTimeout(tellRead, 1500);
  }
  function whole() {
    root.setAttribute('data-state', 'done');
    answer.setAttribute('aria-busy', 'false');
    document.addEventListener('visibilitychange', lookWhetherSeen);
    lookWhetherSeen();
  }
  function reload() {
    if (document.visibilityState === 'visible') location.reload();
    else document.addEventListener('visibilitychange', reload, {once: true});
  }
  function reloadLater() {
    setTimeout(reload, 5000 + Math.random() * 3000);
  }
  function show(change) {
    for (var i = 0; i < change.blocks.length; i++) {
      var fresh = document.createElement('div'), old = answer.children[change.from + i];
      fresh.innerHTML = change.blocks[i];
      if (!old) answer.appendChild(fresh);
      else if (!old.isEqualNode(fresh)) answer.replaceChild(fresh, old);
    }
    while (answer.children.length > change.from + change.blocks.length) answer.removeChild(answer.lastElementChild);
  }

  if (root.getAttribute('data-state') === 'done') return whole();
  if (!window.EventSource) return reloadLater();
  var events = new EventSource(address + '/live');
  events.onmessage = function (event) { show(JSON.parse(event.data)); };
  events.addEventListener('done', function () { events.close(); whole(); });
  events.addEventListener('gone', function () { events.close(); location.reload(); });
  events.onerror = function () { if (events.readyState === 2) reloadLater(); };
})();
)js";

}  // namespace yingda::server
