// SPDX-License-Identifier: MIT
#include "model/chat_chunk.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "base/utf8.h"
#include "model/common_chunk.h"
#include "pathologies.h"

namespace yingda::model {
namespace {

/// Chunks as the providers send them by the thousand.
std::vector<std::string> CommonChunks() {
  return {
      // OpenAI
      R"({"id":"chatcmpl-B","object":"chat.completion.chunk","created":1763720000,"model":"gpt-4o-mini","service_tier":)"
      R"("default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"role":"assistant","content":"",)"
      R"("refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"k3Vx"})",
      R"({"id":"chatcmpl-B","object":"chat.completion.chunk","created":1763720000,"model":"gpt-4o-mini",)"
      R"("choices":[{"index":0,"delta":{"content":"今天，“好”\n"},"logprobs":null,"finish_reason":null}],"usage":null})",
      R"({"id":"chatcmpl-B","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,)"
      R"("prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"cost":0.00125}})",
      // Azure
      R"({"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,)"
      R"("content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]})",
      // DeepSeek
      R"({"id":"6f1c","object":"chat.completion.chunk","created":1,"model":"deepseek-chat","system_fingerprint":"fp",)"
      R"("choices":[{"index":0,"delta":{"content":null,"reasoning_content":"嗯"},"logprobs":null,"finish_reason":null}]})",
      R"({"choices":[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":1234,"completion_tokens":2000,"prompt_cache_hit_tokens":1152}})",
      // Moonshot: usage in the choice
      R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":19,"completion_tokens":13}}]})",
      // Zhipu, OpenRouter, vLLM with its escapes, llama.cpp
      R"({"id":"2024","created":1,"model":"glm-4","choices":[{"index":0,"delta":{"role":"assistant","content":"您"}}]})",
      R"({"id":"gen-1","provider":"X","choices":[{"index":0,"delta":{"role":"assistant","content":"a","reasoning":null},)"
      R"("finish_reason":null,"native_finish_reason":null,"logprobs":null}]})",
      R"({"id":"c","choices": [ {"index": 0, "delta": {"content": "\u4eca\ud83d\ude00\/\\\"\b\f\n\r\t"}, "x": -1.5} ] })",
      R"({"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"timings":{"a":[1,2]}})",
  };
}

std::vector<std::string> RareChunks() {
  std::vector<std::string> chunks = {
      "",
      "{",
      "{}",
      "[]",
      "null",
      "{} x",
      "\xEF\xBB\xBF{}",
      R"({"choices":[]})",
      R"({"choices":null})",
      R"({"choices":[{"index":0}]} )",
      R"({"choices":[{}]})",
      R"({"choices":[null]})",
      R"({"choices":[{"index":1,"delta":{"content":"b"}}]})",
      R"({"choices":[{"index":0.0,"delta":{"content":"b"}}]})",
      R"({"choices":[{"index":"0","delta":{"content":"b"}}]})",
      R"({"choices":[{"index":00,"delta":{}}]})",
      R"({"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]})",
      R"({"choices":[{"delta":{"content":"a","content":"b"}}]})",
      R"({"choices":[{"delta":{"content":"a"}}],"choices":[]})",
      R"({"choices":[{"delta":{"content":"a"},"delta":{}}]})",
      R"({"choices":[{"delta":null,"text":"t"}]})",
      R"({"choices":[{"delta":{"c\u006fntent":"a"}}]})",
      R"({"choices":[{"delta":{"content":"\ud83d"}}]})",
      R"({"id":"\ud83d","choices":[{"delta":{"content":"￾fffe"}}]})",
      R"({"choices":[{"delta":{"content":"\ufffe"}}]})",
      R"({"choices":[{"delta":{"content":"\u0000"}}]})",
      "{\"choices\":[{\"delta\":{\"content\":\"\x01\"}}]}",
      R"({"choices":[{"delta":{"reasoning":"","reasoning_content":""}}]})",
      R"({"choices":[{"delta":{"reasoning":5}}]})",
      R"({"choices":[{"delta":{"reasoning_details":[{}]}}]})",
      R"({"choices":[{"delta":{"tool_calls":[]}}]})",
      R"({"choices":[{"delta":{"function_call":{}}}]})",
      R"({"choices":[{"delta":{"content":"a"},"finish_reason":"two words"}]})",
      R"({"choices":[{"delta":{"content":"a"},"finish_reason":"null"}]})",
      R"({"choices":[{"delta":{"content":"a"},"message":{"content":"b"}}]})",
      R"({"usage":{"prompt_tokens":1,"prompt_tokens":2}})",
      R"({"usage":{"prompt_tokens":1e2}})",
      R"({"usage":{"prompt_tokens":1000000000}})",
      R"({"usage":{"prompt_tokens":999999999,"completion_tokens":-0}})",
      R"({"usage":{"prompt_tokens":null,"completion_tokens":3.7}})",
      R"({"usage":[]})",
      R"({"choices":[],"usage":{"prompt_tokens":5},"usage":null})",
      R"({"x":1e999})",
      R"({"x":-})",
      R"({"x":1.})",
      R"({"x":01})",
      R"({"x":.5})",
      R"({"x":tru})",
      R"({"x":[1,]})",
      R"({"x":{"a"}})",
      R"({"x":NaN})",
      R"({"x" 1})",
      R"({"error":null,"choices":[]})",
      R"({"error":{},"choices":[]})",
      R"({"error":false,"choices":[]})",
      R"({"object":"error","choices":[]})",
      R"({"object":"\u0065rror"})",
      R"({"object":7,"choices":[]})",
      R"({"code":0,"message":"ok","choices":[]})",
      R"({"detail":"x"})",
      R"({"detail":"x","a":1})",
      R"({"choices":[]}{})",
      R"({"choices":[],})",
      R"({"a":")" + std::string(40, '9') + R"("})",
      R"({"a":)" + std::string(40, '9') + "}",
      R"({"a":)" + std::string(400, '9') + "}",
      R"({"a":)" + std::string(17, '[') + std::string(17, ']') + "}",
      R"({"a":)" + std::string(70, '[') + std::string(70, ']') + "}",
  };
  for (const Pathology& p : Pathologies()) chunks.push_back(p.body);
  return chunks;
}

void ExpectSame(const std::string& json) {
  const auto got = ParseChatChunk(json);
  const auto want = ParseAnyChunk(json);
  ASSERT_EQ(got.has_value(), want.has_value()) << base::ToValidUtf8(json);
  if (!got) return;
  ASSERT_TRUE(*got == *want) << base::ToValidUtf8(json) << "\n" << got->text << " and not " << want->text;
}

TEST(ChatChunkTest, CommonChunksTakeTheShortWay) {
  for (const std::string& json : CommonChunks()) {
    ChatChunk chunk;
    EXPECT_TRUE(ReadCommonChunk(json, chunk)) << json;
    EXPECT_TRUE(chunk.recognised) << json;
    ExpectSame(json);
  }
}

TEST(ChatChunkTest, BothWaysReadTheSame) {
  for (const std::string& json : RareChunks()) ExpectSame(json);
}

/// A chunk that stays JSON more often than not: pieces that mean something, exchanged for others.
std::string Exchange(const std::string& json, std::mt19937& random) {
  static const std::vector<std::string> kPieces = {"null",
                                                   "0",
                                                   "1",
                                                   "\"\"",
                                                   "\"a\"",
                                                   "{}",
                                                   "[]",
                                                   "true",
                                                   "\"error\"",
                                                   "\"index\"",
                                                   "\"delta\"",
                                                   "\"text\"",
                                                   "\"content\"",
                                                   "\"usage\"",
                                                   "\"object\"",
                                                   "\"choices\"",
                                                   "\"code\"",
                                                   "\"message\"",
                                                   "\"refusal\"",
                                                   "\"detail\"",
                                                   "\"\\ud83d\"",
                                                   "\"\\u4f60\"",
                                                   "\"\\n\"",
                                                   "-1",
                                                   "0.5",
                                                   "1e3",
                                                   "\"reasoning\"",
                                                   "[{}]",
                                                   "\"\xE4\xBD\"",
                                                   "\"tool_calls\"",
                                                   "\"finish_reason\""};
  std::vector<std::pair<size_t, size_t>> values;  // of strings, numbers and literals
  for (size_t at = 0; at < json.size();) {
    const size_t start = at;
    if (json[at] == '"') {
      for (++at; at < json.size() && json[at] != '"'; ++at) at += json[at] == '\\' ? 1 : 0;
      at = std::min(at + 1, json.size());
      values.emplace_back(start, at - start);
    } else if (std::string_view("{}[]:, ").find(json[at]) != std::string_view::npos) {
      ++at;
    } else {
      while (at < json.size() && std::string_view("{}[]:, \"").find(json[at]) == std::string_view::npos) ++at;
      values.emplace_back(start, at - start);
    }
  }
  if (values.empty()) return json;
  std::string out = json;
  const auto [start, size] = values[random() % values.size()];
  return out.replace(start, size, kPieces[random() % kPieces.size()]);
}

std::string Damage(std::string json, std::mt19937& random) {
  static const std::string kBytes = "\"\\{}[]:,01-.eu \n\x01\x80\xBD\xED\xFF";
  if (json.empty()) return json;
  const size_t at = random() % json.size();
  switch (random() % 4) {
    case 0:
      json[at] = kBytes[random() % kBytes.size()];
      break;
    case 1:
      json.erase(at, 1 + random() % 4);
      break;
    case 2:
      json.insert(at, 1, kBytes[random() % kBytes.size()]);
      break;
    default:
      json.insert(at, json.substr(random() % json.size(), random() % 40));
      break;
  }
  return json;
}

TEST(ChatChunkTest, BothWaysReadTheSameOfChunksThatWereTamperedWith) {
  std::vector<std::string> seeds = CommonChunks();
  const size_t common_seeds = seeds.size();
  for (const std::string& json : RareChunks()) seeds.push_back(json);
  std::mt19937 random(20261121);
  size_t common = 0;
  constexpr size_t kRounds = 15'000;
  for (size_t round = 0; round < kRounds; ++round) {
    // Most from the common ones: they are what the short way has to tell from the others.
    const size_t pool = round % 4 == 0 ? seeds.size() : common_seeds;
    std::string json = seeds[random() % pool];
    for (size_t step = random() % 4; step > 0; --step) {
      json = random() % 3 == 0 ? Damage(json, random) : Exchange(json, random);
    }
    ChatChunk chunk;
    common += ReadCommonChunk(json, chunk) ? 1 : 0;
    ASSERT_NO_FATAL_FAILURE(ExpectSame(json));
  }
  // Both ways had their share, or the comparison would say little.
  EXPECT_GT(common, kRounds / 5);
  EXPECT_LT(common, kRounds * 4 / 5);
}

}  // namespace
}  // namespace yingda::model
