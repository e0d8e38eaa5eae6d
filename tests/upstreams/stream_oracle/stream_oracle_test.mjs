// SPDX-License-Identifier: MIT
// What our decoder of model answers reads, beside what two parsers from npm read of the same bytes: eventsource-parser
// for the events, openai for the text. They must agree but for the differences in INTENDED, each with its reason; and
// however a stream is cut into pieces, we must read the same.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createParser} from 'eventsource-parser';
import {Stream} from 'openai/core/streaming';
import {Chance, answer, framing, split} from './stream_generator.mjs';

const SEED = 20261121;
const ANSWERS = 2000;
const FRAMINGS = 1000;
const MORE_SPLITS = 2;

/**
 * Where we mean to differ, and why that is better. `kinds`:
 *   incomplete event: we tell of an event that they drop;      text: another text than theirs;
 *   leading blanks: their text without its leading white space; truncated: they take it for whole;
 *   failure: they see no error;                                leniency: they see an error where we see none;
 *   undecided end: their text ends with half an emoji, or with what may begin a tag. An optional kind shows in some of the cases.
 */
const INTENDED = {
  'tail': {kinds: ['incomplete event'], reason: 'The last event counts without its blank line: it has text that is lost otherwise. It is marked, and what does not parse of it is left out.'},
  'no-end': {kinds: ['truncated'], reason: 'Neither [DONE] nor a finish reason: the answer was cut off, and the follower is told so.'},
  'no-end-odd-tail': {kinds: ['leniency', 'truncated'], reason: 'A cut within an event is a cut: what came before stays.', optional: ['truncated']},
  'done-prefix': {kinds: ['leniency'], reason: 'Some gateways write something behind [DONE].'},
  'odd-event': {kinds: ['leniency'], reason: 'One event that is not JSON among good ones is no reason to throw an answer away.'},
  'reasoning': {kinds: ['text'], reason: 'Inline reasoning is not for the follower.'},
  'no-text': {kinds: ['failure'], reason: 'An answer without text is none; the caller asks elsewhere.'},
  'leading-blanks': {kinds: ['leading blanks'], reason: 'A message does not begin with blank lines.'},
  'other-places': {kinds: ['text'], reason: 'Text as parts, in message, in text or as a refusal is text.', optional: ['text']},
  'one-choice': {kinds: ['text'], reason: 'Only the first choice is the answer, though another comes first.'},
  'finish-reason': {kinds: ['truncated', 'failure'], reason: 'The finish reason tells of refusals, failures and cuts.', optional: ['truncated', 'failure']},
  'error-shape': {kinds: ['failure'], reason: 'Errors of vLLM, SiliconFlow, MiniMax and FastAPI are errors.'},
  'no-stream': {kinds: ['failure'], reason: 'A body without a single event is no answer.'},
  'half': {kinds: ['undecided end'], reason: 'Half an emoji, or what may be the beginning of a tag of reasoning, is not shown when an error comes behind it.', optional: ['undecided end']},
  'json-body': {kinds: ['text'], reason: 'Some gateways answer in one JSON object though a stream was asked for.'},
};

const pathologies = JSON.parse(readFileSync(`${process.env.YINGDA_SOURCE_DIR}/tests/data/streams/pathologies.json`, 'utf8'));

/** Runs our decoder over many streams, each a list of pieces. */
function ours(streams) {
  const parts = [];
  for (const pieces of streams) parts.push(Buffer.from(pieces.map((piece) => piece.length).join(' ') + '\n'), ...pieces);
  const run = spawnSync(process.env.YINGDA_DECODE_STREAM, {input: Buffer.concat(parts), maxBuffer: 1 << 30});
  assert.equal(run.status, 0, `decode_stream: ${run.error ?? run.stderr}`);
  const told = run.stdout.toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(told.length, streams.length);
  const text = (hex) => Buffer.from(hex, 'hex').toString('utf8');
  for (const {events} of told) for (const event of events) Object.assign(event, {name: text(event.name), data: text(event.data)});
  return told;
}

function theirEvents(pieces) {
  const events = [];
  const parser = createParser({onEvent: ({event, data}) => events.push({name: event ?? '', data})});
  const decoder = new TextDecoder('utf-8', {ignoreBOM: true});
  for (const piece of pieces) parser.feed(decoder.decode(piece, {stream: true}));
  return events;
}

async function theirAnswer(pieces) {
  const body = new ReadableStream({start(controller) {
    for (const piece of pieces) if (piece.length > 0) controller.enqueue(new Uint8Array(piece));
    controller.close();
  }});
  const quiet = {logLevel: 'off'};  // they write broken chunks to the console otherwise
  let text = '';
  try {
    for await (const chunk of Stream.fromSSEResponse(new Response(body), new AbortController(), quiet)) {
      const content = chunk?.choices?.[0]?.delta?.content;
      if (typeof content === 'string') text += content;
    }
  } catch (error) {
    return {text: text.toWellFormed(), error: String(error)};
  }
  return {text: text.toWellFormed(), error: ''};
}

/** The kinds of differences between what was told. */
function differences(our, theirs) {
  const kinds = new Set();
  const {text, ok, truncated} = our.answer;
  const stripped = theirs.text.replace(/^[ \t\r\n]+/, '');
  const more = ok && theirs.error !== '' && text.startsWith(theirs.text);  // behind what they stumble over
  if (text !== theirs.text && !more) {
    const half = truncated && theirs.text.startsWith(text) && /^(\ufffd|<\/?)$/.test(theirs.text.slice(text.length));
    kinds.add(half ? 'undecided end' : text === stripped ? 'leading blanks' : 'text');
  }
  if (theirs.error === '') {
    if (!ok) kinds.add('failure');
    else if (truncated) kinds.add('truncated');
  } else if (ok) {
    kinds.add('leniency');
    if (truncated) kinds.add('truncated');
  }
  return kinds;
}

/** Compares the events; the difference that is left is an incomplete one at the end. */
function compareEvents(name, our, theirs, kinds) {
  const complete = our.events.filter((event) => event.complete).map(({name, data}) => ({name, data}));
  assert.deepEqual(complete, theirs, `${name}: other events than eventsource-parser's`);
  const incomplete = our.events.length - complete.length;
  assert.ok(incomplete <= 1, `${name}: several incomplete events`);
  if (incomplete === 1) kinds.add('incomplete event');
}

const used = new Map();

/** Each difference must be one that `reasons` intend, and each reason must show. */
function judge(name, kinds, reasons, told) {
  const may = new Set();
  for (const id of reasons) {
    assert.ok(INTENDED[id], `${name}: no such reason: ${id}`);
    const {kinds: intended, optional = []} = INTENDED[id];
    for (const kind of intended) {
      may.add(kind);
      assert.ok(kinds.has(kind) || optional.includes(kind), `${name}: ${id} should make a difference: ${kind}; ${told}`);
    }
    if (INTENDED[id].kinds.some((kind) => kinds.has(kind))) used.set(id, (used.get(id) ?? 0) + 1);
  }
  for (const kind of kinds) assert.ok(may.has(kind), `${name}: a difference that is not intended: ${kind}; ${told}`);
}

async function compare(name, pieces, our, reasons) {
  const theirs = await theirAnswer(pieces);
  const kinds = differences(our, theirs);
  compareEvents(name, our, theirEvents(pieces), kinds);
  judge(name, kinds, reasons, `ours ${JSON.stringify(our.answer)}, theirs ${JSON.stringify(theirs)}`);
}

async function checkPathologies(chance) {
  const streams = [];
  for (const {body, hex} of pathologies) {
    const bytes = hex ? Buffer.from(hex, 'hex') : Buffer.from(body);
    const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    streams.push([bytes], single, ...Array.from({length: 8}, () => split(bytes, chance)));
  }
  const told = ours(streams);
  const each = streams.length / pathologies.length;
  for (const [index, wanted] of pathologies.entries()) {
    const {name, text, failure = false, truncated = false, tokens, differs = []} = wanted;
    const our = told[index * each];
    assert.equal(our.answer.text, text, name);
    assert.equal(our.answer.ok, !failure, `${name}: ${our.answer.failure}`);
    assert.equal(our.answer.truncated, truncated, name);
    if (tokens) assert.deepEqual([our.answer.prompt_tokens, our.answer.completion_tokens], tokens, name);
    for (let way = 0; way < each; ++way) {
      assert.deepEqual(told[index * each + way], our, `${name}: another way to cut it gives another result`);
      await compare(name, streams[index * each + way], our, differs);
    }
  }
  return streams.length;
}

const ENDS = {nothing: ['no-end'], error: ['half'], vllm: ['error-shape', 'half'], tail: ['tail']};

async function checkAnswers(chance) {
  const made = Array.from({length: ANSWERS}, () => answer(chance));
  const streams = made.flatMap(({text}) => {
    const bytes = Buffer.from(text);
    return [[bytes], ...Array.from({length: MORE_SPLITS}, () => split(bytes, chance))];
  });
  const told = ours(streams);
  const ends = new Map();
  for (const [index, {text, end}] of made.entries()) {
    const at = index * (1 + MORE_SPLITS);
    const name = `answer ${index} of seed ${SEED}, ${JSON.stringify(text)}`;
    for (let way = 1; way <= MORE_SPLITS; ++way) {
      assert.deepEqual(told[at + way], told[at], `${name}: another way to cut it gives another result`);
    }
    await compare(name, streams[at + 1], told[at], ENDS[end] ?? []);
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  assert.equal(ends.size, 6, 'some end never came');
  return streams.length;
}

function checkFramings(chance) {
  const made = Array.from({length: FRAMINGS}, () => Buffer.from(framing(chance)));
  const streams = made.flatMap((bytes) => [[bytes], ...Array.from({length: MORE_SPLITS}, () => split(bytes, chance))]);
  const told = ours(streams);
  let events = 0;
  for (let at = 0; at < streams.length; at += 1 + MORE_SPLITS) {
    const name = `framing ${JSON.stringify(streams[at][0].toString())}`;
    for (let way = 1; way <= MORE_SPLITS; ++way) {
      assert.deepEqual(told[at + way].events, told[at].events, `${name}: another way to cut it gives other events`);
    }
    compareEvents(name, told[at], theirEvents(streams[at + 1]), new Set());
    events += told[at].events.length;
  }
  assert.ok(events > FRAMINGS, `only ${events} events: the framings say too little`);
  return streams.length;
}

const chance = new Chance(SEED);
const counts = [await checkPathologies(chance), await checkAnswers(chance), checkFramings(chance)];
for (const id of Object.keys(INTENDED)) assert.ok(used.has(id), `the difference ${id} is intended and never seen`);
console.log(`${pathologies.length} pathologies, ${ANSWERS} answers and ${FRAMINGS} framings, in ${counts.reduce((a, b) => a + b)} ways to cut them`);
for (const [id, {reason}] of Object.entries(INTENDED)) console.log(`  ${id} (${used.get(id)}): ${reason}`);
