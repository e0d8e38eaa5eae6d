// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "model/chat_model.h"

namespace yingda::model {

inline std::string Event(const std::string& data) { return "data: " + data + "\n\n"; }
inline std::string Delta(const std::string& json_text) {
  return R"({"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":")" + json_text +
         R"("},"finish_reason":null}]})";
}
inline std::string Reasoning(const std::string& json_text) {
  return R"({"choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":")" + json_text +
         R"("},"finish_reason":null}]})";
}
inline std::string Finish(const std::string& reason) {
  return R"({"choices":[{"index":0,"delta":{},"finish_reason":")" + reason + R"("}]})";
}
inline const std::string kDone = "data: [DONE]\n\n";

/// The body of a 200 answer as some upstream has been seen to send it, and what a follower is to get from it.
struct Pathology {
  std::string name;
  std::string body;
  std::string text;
  ChatFailure failure = ChatFailure::kNone;
  bool truncated = false;
};

inline std::vector<Pathology> FramingPathologies() {
  const std::string azure = R"({"choices":[],"prompt_filter_results":[]})";
  const std::string usage = R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}})";
  return {
      {"crlf", "data: " + Delta("你") + "\r\n\r\ndata: " + Delta("好") + "\r\n\r\ndata: [DONE]\r\n\r\n", "你好"},
      {"cr", "data: " + Delta("你") + "\r\rdata: " + Delta("好") + "\r\rdata: [DONE]\r\r", "你好"},
      {"comment", ": keep-alive\n\n: OPENROUTER PROCESSING\n\n" + Event(Delta("ok")) + kDone, "ok"},
      {"blank lines first", "\n\n\r\n\n" + Event(Delta("ok")) + kDone, "ok"},
      {"multiline",
       "data: {\"choices\":[\ndata: {\"index\":0,\"delta\":{\"content\":\"ml\"},\"finish_reason\":null}]}\n\n" + kDone,
       "ml"},
      {"no space", "data:" + Delta("ns") + "\n\ndata:[DONE]\n\n", "ns"},
      {"byte order mark", "\xEF\xBB\xBF" + Event(Delta("bom")) + kDone, "bom"},
      {"empty choices", Event(azure) + Event(Delta("az")) + Event(usage) + kDone, "az"},
      {"no done", Event(Delta("nd")), "nd", ChatFailure::kNone, true},
      {"no done but finished", Event(Delta("nd")) + Event(Finish("stop")), "nd"},
      {"no blank line",
       Event(Delta("nb")) + "data: " + R"({"choices":[{"index":0,"delta":{"content":"tail"},"finish_reason":"stop"}]})",
       "nbtail"},
      {"done with more", Event(Delta("a")) + "data: [DONE] bye\n\n", "a"},
      {"other line separators",
       Event(Delta("a\xE2\x80\xA8"
                   "b\xC2\x85"
                   "c")) +
           kDone,
       "a\xE2\x80\xA8"
       "b\xC2\x85"
       "c"},
      {"emoji", Event(Delta("你😀")) + kDone, "你😀"},
      {"an odd event between", Event(Delta("a")) + Event("what?") + Event(Delta("b")) + kDone, "ab"},
  };
}

inline std::vector<Pathology> ContentPathologies() {
  return {
      {"null content", Event(Reasoning("hm")) + Event(Delta("n")) + kDone, "n"},
      {"surrogate halves", Event(Delta("\\ud83d")) + Event(Delta("\\ude00")) + kDone, "😀"},
      {"half a surrogate pair", Event(Delta("a\\ud83d")) + Event(Delta("b")) + kDone, "a\uFFFDb"},
      {"invalid UTF-8",
       Event(Delta("a\xFF"
                   "b")) +
           kDone,
       "a\uFFFDb"},
      {"reasoning field",
       Event(R"({"choices":[{"delta":{"reasoning":"x","content":""}}]})") + Event(Delta("a")) + kDone, "a"},
      {"inline reasoning", Event(Delta("<thi")) + Event(Delta("nk>x</th")) + Event(Delta("ink>\\n\\na")) + kDone, "a"},
      {"reasoning only", Event(Reasoning("x")) + Event(Finish("stop")) + kDone, "", ChatFailure::kEmpty},
      {"inline reasoning only", Event(Delta("<think>x")) + Event(Finish("length")) + kDone, "", ChatFailure::kEmpty},
      {"blanks only", Event(Delta(" \\n")) + Event(Finish("stop")) + kDone, "", ChatFailure::kEmpty},
      {"content parts",
       Event(R"({"choices":[{"delta":{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"p"}]}}]})") +
           kDone,
       "p"},
      {"message instead of delta", Event(R"({"choices":[{"message":{"content":"m"},"finish_reason":"stop"}]})"), "m"},
      {"message repeats the deltas",
       Event(Delta("m")) + Event(R"({"choices":[{"message":{"content":"m"},"finish_reason":"stop"}]})") + kDone, "m"},
      {"text instead of delta", Event(R"({"choices":[{"text":"t","finish_reason":"stop"}]})"), "t"},
      {"refusal", Event(R"({"choices":[{"delta":{"content":null,"refusal":"sorry"}}]})") + kDone, "sorry"},
      {"other choices", Event(R"({"choices":[{"index":1,"delta":{"content":"b"}}]})") + Event(Delta("a")) + kDone, "a"},
      {"finish reason twice", Event(Delta("a")) + Event(Finish("stop")) + Event(Finish("stop")) + kDone, "a"},
      {"finish reason null as a word", Event(R"({"choices":[{"delta":{"content":"a"},"finish_reason":"null"}]})"), "a",
       ChatFailure::kNone, true},
      {"length", Event(Delta("a")) + Event(Finish("length")) + kDone, "a", ChatFailure::kNone, true},
      {"unknown finish reason", Event(Delta("a")) + Event(Finish("eos")) + kDone, "a"},
      {"tool calls",
       Event(R"({"choices":[{"delta":{"tool_calls":[{"id":"t"}]}}]})") + Event(Finish("tool_calls")) + kDone, "",
       ChatFailure::kBadAnswer},
      {"wrong types",
       Event(R"({"choices":[{"index":"0","delta":{"content":5,"reasoning":{}},"finish_reason":7}],"usage":[1]})") +
           Event(R"({"choices":[null,3]})") + Event(R"({"choices":{}})") + Event("[]") + Event(Delta("a")) + kDone,
       "a"},
  };
}

inline std::vector<Pathology> ErrorPathologies() {
  return {
      {"error in the middle",
       Event(Delta("half")) + Event(R"({"error":{"message":"overloaded","type":"server_error","code":"x"}})"), "half",
       ChatFailure::kOverloaded, true},
      {"vLLM error", Event(Delta("half")) + Event(R"({"object":"error","message":"boom","code":500})"), "half",
       ChatFailure::kOverloaded, true},
      {"error first", Event(R"({"error":{"message":"no","code":"invalid_api_key"}})"), "", ChatFailure::kRefused},
      {"numeric code", Event(R"({"error":{"message":"slow down","code":429}})"), "", ChatFailure::kRateLimited},
      {"error as words", Event(R"({"error":"all is lost"})"), "", ChatFailure::kOverloaded},
      {"error event", "event: error\ndata: boom\n\n", "", ChatFailure::kOverloaded},
      {"error event with an error", "event: error\ndata: {\"error\":{\"code\":\"rate_limit_exceeded\"}}\n\n", "",
       ChatFailure::kRateLimited},
      {"flat error", Event(R"({"code":20012,"message":"no such model","data":null})"), "", ChatFailure::kRefused},
      {"MiniMax error", Event(R"({"base_resp":{"status_code":1004,"status_msg":"x"}})"), "", ChatFailure::kRefused},
      {"null error", Event(R"({"error":null,"choices":[{"delta":{"content":"a"}}]})") + kDone, "a"},
      {"content filter", Event(Delta("bad")) + Event(Finish("content_filter")) + kDone, "bad",
       ChatFailure::kContentPolicy},
      {"Zhipu sensitive", Event(Finish("sensitive")) + kDone, "", ChatFailure::kContentPolicy},
      {"network error", Event(Delta("half")) + Event(Finish("network_error")) + kDone, "half", ChatFailure::kOverloaded,
       true},
      {"HTML", "<!DOCTYPE html><title>502</title>", "", ChatFailure::kBadAnswer},
      {"plain words", "upstream connect error", "", ChatFailure::kBadAnswer},
      {"empty body", "", "", ChatFailure::kBadAnswer},
      {"broken JSON", "{malformed json: <<<chaos>>>", "", ChatFailure::kBadAnswer},
      {"only done", kDone, "", ChatFailure::kEmpty},
      {"JSON answer",
       R"({"choices":[{"index":0,"message":{"role":"assistant","content":"whole","reasoning_content":"hm"},)"
       R"("finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}})",
       "whole"},
      {"JSON answer after blank lines",
       "\n\n\r\n"
       R"({"choices":[{"message":{"content":"<think>x</think>w"}}]})",
       "w"},
      {"JSON error", R"({"error":{"code":"insufficient_quota","message":"pay"}})", "", ChatFailure::kRefused},
      {"JSON of something else", R"({"status":"ok"})", "", ChatFailure::kBadAnswer},
      {"JSON without text", R"({"choices":[{"message":{"content":null},"finish_reason":"stop"}]})", "",
       ChatFailure::kEmpty},
  };
}

inline std::vector<Pathology> Pathologies() {
  std::vector<Pathology> all = FramingPathologies();
  for (auto more : {ContentPathologies(), ErrorPathologies()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace yingda::model
