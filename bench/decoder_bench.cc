// SPDX-License-Identifier: MIT
// What the decoder of model answers costs: the whole ChatStream (framing, chunks, surrogates, reasoning, limits) next
// to the least that a client can do, which is to split the body at blank lines, give each chunk to
// nlohmann::json::parse and take choices[0].delta.content. Everything in one run, interleaved; medians of CPU time.
// Allocations are those through operator new.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/chat_stream.h"

namespace {

size_t allocations = 0;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace {

using yingda::model::ChatStream;
using yingda::model::SseDecoder;

constexpr int kRounds = 61;
constexpr int kChunks = 2000;

double CpuMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// The body of an answer as it comes: one event a piece.
struct Body {
  const char* name;
  std::string bytes;
  std::vector<size_t> ends;

  void Add(const std::string& data) {
    bytes += "data: " + data + "\n\n";
    ends.push_back(bytes.size());
  }
};

constexpr std::string_view kTokens[] = {"今天", "的", "天气", "很好", "，", "适合", "出门散步", "。", "记得带", "伞"};
constexpr std::string_view kEscaped[] = {"\\u4eca\\u5929", "\\u7684", "\\u5929\\u6c14", "\\n", "\\uff0c"};

std::string Chunk(const std::string& head, const std::string& delta, const std::string& tail) {
  return head + R"("choices":[{"index":0,"delta":{)" + delta + R"(},"logprobs":null,"finish_reason":null}])" + tail;
}

const std::string kOpenAi =
    R"({"id":"chatcmpl-BwXyq3mZ8Fh2TnVg7LkPdR5sJcAe1","object":"chat.completion.chunk","created":1763720000,)"
    R"("model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_34a54ae93c",)";
const std::string kDeepSeek =
    R"({"id":"6f1c2a58-0b0e-4c53-9a54-1f0f6f0a7d3e","object":"chat.completion.chunk","created":1763720000,)"
    R"("model":"deepseek-chat","system_fingerprint":"fp_8802369eaa_prod0820_fp8_kvcache",)";

std::vector<Body> Bodies() {
  std::vector<Body> bodies = {{"OpenAI", {}, {}}, {"DeepSeek, 10 % reasoning", {}, {}}, {"vLLM, escaped", {}, {}}};
  for (int i = 0; i < kChunks; ++i) {
    const std::string token(kTokens[static_cast<size_t>(i) % std::size(kTokens)]);
    const std::string content = R"("content":")" + token + '"';
    bodies[0].Add(Chunk(kOpenAi, content, R"(,"usage":null,"obfuscation":"k3Vx9Qp"})"));
    bodies[1].Add(i < kChunks / 10 ? Chunk(kDeepSeek, R"("content":null,"reasoning_content":")" + token + '"', "}")
                                   : Chunk(kDeepSeek, content, "}"));
    bodies[2].Add(Chunk(kDeepSeek, R"("content":")" + std::string(kEscaped[static_cast<size_t>(i) % 5]) + '"', "}"));
  }
  for (Body& body : bodies) {
    body.Add(kDeepSeek + R"("choices":[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"stop"}],)"
                         R"("usage":{"prompt_tokens":1234,"completion_tokens":2000,"total_tokens":3234,)"
                         R"("prompt_tokens_details":{"cached_tokens":1152},"prompt_cache_hit_tokens":1152}})");
    body.Add("[DONE]");
  }
  return bodies;
}

ChatStream::Options Unlimited() {
  ChatStream::Options options;
  options.max_answer_bytes = 64 << 20;
  return options;
}

std::string Naive(const Body& body) {
  std::string text;
  const std::string_view bytes = body.bytes;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = bytes.find("\n\n", at);
    const std::string_view data = bytes.substr(at + 6, end - at - 6);
    at = end + 2;
    if (data == "[DONE]") break;
    const auto chunk = nlohmann::json::parse(data);
    const auto& content = chunk["choices"][0]["delta"]["content"];
    if (content.is_string()) text += content.get_ref<const std::string&>();
  }
  return text;
}

std::string ByEvents(const Body& body) {
  ChatStream stream(Unlimited());
  std::string text;
  size_t at = 0;
  for (const size_t end : body.ends) {
    stream.Feed(std::string_view(body.bytes).substr(at, end - at), text);
    at = end;
  }
  stream.Finish(true, text);
  return text;
}

std::string ByReads(const Body& body, size_t read_bytes) {
  ChatStream stream(Unlimited());
  std::string text;
  for (size_t at = 0; at < body.bytes.size(); at += read_bytes) {
    stream.Feed(std::string_view(body.bytes).substr(at, read_bytes), text);
  }
  stream.Finish(true, text);
  return text;
}

size_t FramingOnly(const Body& body) {
  SseDecoder decoder;
  size_t bytes = 0;
  const auto fed = decoder.Feed(body.bytes, [&](const SseDecoder::Event& event) { bytes += event.data.size(); });
  return fed ? bytes : 0;
}

struct Subject {
  const char* name;
  std::function<size_t()> run;
  std::vector<double> microseconds;
  size_t allocations = 0;
};

bool Measure(const Body& body) {
  const std::string want = Naive(body);
  std::vector<Subject> subjects = {
      {"split and nlohmann::json::parse", [&] { return Naive(body).size(); }, {}},
      {"ChatStream, an event a read", [&] { return ByEvents(body).size(); }, {}},
      {"ChatStream, reads of 1448 bytes", [&] { return ByReads(body, 1448).size(); }, {}},
      {"ChatStream, reads of 16 KiB", [&] { return ByReads(body, 16 << 10).size(); }, {}},
      {"SseDecoder alone", [&] { return FramingOnly(body); }, {}},
  };
  if (ByEvents(body) != want || ByReads(body, 1448) != want) return false;
  size_t sink = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (Subject& subject : subjects) {
      const size_t before = allocations;
      const double start = CpuMicroseconds();
      sink += subject.run();
      subject.microseconds.push_back(CpuMicroseconds() - start);
      subject.allocations = allocations - before;
    }
  }
  std::printf("%s: %zu events of %zu bytes, %zu bytes of text\n", body.name, body.ends.size(),
              body.bytes.size() / body.ends.size(), want.size());
  double reference = 0;
  for (Subject& subject : subjects) {
    std::nth_element(subject.microseconds.begin(), subject.microseconds.begin() + kRounds / 2,
                     subject.microseconds.end());
    const double median = subject.microseconds[kRounds / 2];
    if (reference == 0) reference = median;
    const auto events = static_cast<double>(body.ends.size());
    std::printf("  %-32s %7.1f MB/s  %6.3f us an event  %6.2f allocations an event  %5.2f x the first\n", subject.name,
                static_cast<double>(body.bytes.size()) / median, median / events,
                static_cast<double>(subject.allocations) / events, reference / median);
  }
  return sink > 0;
}

}  // namespace

int main() {
  for (const Body& body : Bodies()) {
    if (!Measure(body)) {
      std::fprintf(stderr, "decoder_bench: %s gives another text than the naive reading\n", body.name);
      return 1;
    }
  }
  return 0;
}
