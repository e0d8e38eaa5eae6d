// SPDX-License-Identifier: MIT
// Streams by chance, the same for the same seed.

export class Chance {
  constructor(seed) { this.state = seed >>> 0; }
  /** A whole number below `limit`. */
  below(limit) {  // mulberry32
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
  oneIn(count) { return this.below(count) === 0; }
  of(list) { return list[this.below(list.length)]; }
}

/** `bytes` in pieces, some of them empty. */
export function split(bytes, chance) {
  const pieces = [];
  const most = chance.of([2, 8, 64, 512]);
  for (let at = 0; at < bytes.length;) {
    const size = Math.min(chance.below(most), bytes.length - at);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const LINE_ENDS = ['\n', '\r', '\r\n'];

/** Lines end all in one way, or each in its own. */
function lineEnds(chance) {
  const one = chance.of([...LINE_ENDS, null]);
  return () => one ?? chance.of(LINE_ENDS);
}

/** Lines of every kind that a stream may have, in any order, its end anywhere. */
export function framing(chance) {
  const end = lineEnds(chance);
  const words = ['a', ' ', ':', '你', '😀', '\u2028', '\u0085', '\ufeff', 'data', 'x y', '{"a":1}', '\t', '0'];
  const value = () => Array.from({length: chance.below(4)}, () => chance.of(words)).join('');
  const line = () => chance.of([
    () => 'data: ' + value(), () => 'data:' + value(), () => 'data', () => '', () => '', () => 'event: ' + value(),
    () => 'event', () => ':' + value(), () => 'id: ' + value(), () => 'retry: ' + chance.below(999), () => value(),
    () => ' data: x', () => 'Data: x', () => 'datax: x', () => 'data : x',
  ])();
  let text = chance.oneIn(4) ? '\ufeff' : '';
  for (let count = chance.below(30); count > 0; --count) text += line() + end();
  return chance.oneIn(3) ? text + line() : text;
}

const TOKENS = ['今天', '天气', '好', '，', '。', ' and', '\n', '\n\n', '"', '\\', '/', '😀', '👨‍👩‍👧', '\u2028', '\u0085', 'a\tb',
                '\ufffd', '\ufffe', '<', '<b>', '</', '0', '{}', '[DONE]', 'data: x', '\ud83d', '\ude00', ''];

/** As JSON.stringify, but in one of the ways in which others write strings. */
function json(value, chance) {
  let text = JSON.stringify(value, null, chance.oneIn(4) ? 1 : 0);
  if (chance.oneIn(3)) text = text.replace(/[\u0080-\uffff]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'));
  if (chance.oneIn(6)) text = text.replace(/\//g, '\\/');
  return text;
}

function chunk(chance) {
  const delta = chance.of([
    () => ({content: chance.of(TOKENS)}), () => ({content: chance.of(TOKENS)}), () => ({content: chance.of(TOKENS) + chance.of(TOKENS)}),
    () => ({role: 'assistant', content: ''}), () => ({content: null, reasoning_content: chance.of(TOKENS)}),
    () => ({reasoning: chance.of(TOKENS)}), () => ({}),
  ])();
  const choice = {index: 0, delta, ...(chance.oneIn(2) ? {logprobs: null} : {}), ...(chance.oneIn(2) ? {finish_reason: null} : {})};
  return {
    ...(chance.oneIn(3) ? {} : {id: 'c' + chance.below(99), object: 'chat.completion.chunk', created: chance.below(1e9), model: '模型'}),
    choices: chance.oneIn(8) ? [] : [choice],
    ...(chance.oneIn(6) ? {usage: chance.of([null, {prompt_tokens: chance.below(99), completion_tokens: chance.below(99), details: {x: 0.5}}])} : {}),
  };
}

/**
 * The stream of an answer, in any framing. `end` says how it ends: 'done', 'finished' (no [DONE]), 'nothing', 'error',
 * 'vllm' (an error in vLLM's shape), 'tail' (no blank line behind its last event).
 */
export function answer(chance) {
  const newLine = lineEnds(chance);
  let text = chance.oneIn(8) ? '\ufeff' : '';
  const event = (data) => {
    for (const noise of [': keep-alive', 'id: 7', 'retry: 10', 'event: message', 'foo: bar']) {
      if (chance.oneIn(12)) text += noise + newLine();
    }
    const colon = chance.oneIn(3) ? 'data:' : 'data: ';
    for (const line of data.split('\n')) text += colon + line + newLine();
    return text;
  };
  // A LF behind a CR would be the other half of one line end.
  const blank = () => { const end = newLine(); text += text.endsWith('\r') && end === '\n' ? '\r' : end; };
  if (chance.oneIn(6)) { text += ': OPENROUTER PROCESSING' + newLine(); blank(); }
  event(json({choices: [{index: 0, delta: {content: chance.of(['答', '好的', 'A', '😀'])}}]}, chance)); blank();
  for (let count = chance.below(12); count > 0; --count) { event(json(chunk(chance), chance)); blank(); }
  const finish = json({choices: [{index: 0, delta: {}, finish_reason: 'stop'}]}, chance);
  const end = chance.of(['done', 'done', 'finished', 'nothing', 'error', 'vllm', 'tail']);
  if (end === 'done') { if (chance.oneIn(2)) { event(finish); blank(); } event('[DONE]'); blank(); }
  if (end === 'finished') { event(finish); blank(); }
  if (end === 'error') { event(json({error: {message: 'boom', code: chance.of([500, 'server_error', null])}}, chance)); blank(); }
  if (end === 'vllm') { event(json({object: 'error', message: 'boom', code: 500}, chance)); blank(); }
  if (end === 'tail') event(json({choices: [{index: 0, delta: {content: '尾'}, finish_reason: 'stop'}]}, chance));
  return {text, end};
}
