// SPDX-License-Identifier: MIT
#include "model/common_chunk.h"

#include <algorithm>

#include "model/json_scanner.h"

namespace yingda::model {
namespace {

/// Of several members of one name the last one counts, which a single pass learns too late.
class Once {
 public:
  bool operator()(unsigned member) {
    const unsigned bit = 1U << member;
    const bool first = (seen_ & bit) == 0;
    seen_ |= bit;
    return first;
  }

 private:
  unsigned seen_ = 0;
};

class Reader {
 public:
  Reader(std::string_view json, ChatChunk& chunk) : json_(json), chunk_(chunk) {}
  bool Read();

 private:
  bool Choices();
  bool ChoiceMember(std::string_view key, Once& once);
  bool DeltaMember(std::string_view key, Once& once);
  bool Usage(bool& told);
  bool FinishReason();
  bool Reasoning();

  JsonScanner json_;
  ChatChunk& chunk_;
};

bool Reader::Read() {
  Once once;
  const bool whole = json_.Object([&](std::string_view key) {
    if (key == "choices") return once(0) && Choices();
    if (key == "usage") return once(1) && Usage(chunk_.recognised);
    if (key == "error") return once(2) && json_.TakeNull();
    if (key == "object") {
      std::string_view object;
      return once(3) && json_.Plain(object) && object != "error";
    }
    // Without one of these no code, status or detail tells of an error.
    if (key == "message" || key == "msg" || key == "detail" || key == "base_resp") return false;
    return json_.Skip();
  });
  return whole && json_.AtEnd();
}

bool Reader::Choices() {
  if (!json_.Take('[')) return false;
  chunk_.recognised = true;
  if (json_.Take(']')) return true;
  Once once;
  return json_.Object([&](std::string_view key) { return ChoiceMember(key, once); }) && json_.Take(']');
}

bool Reader::ChoiceMember(std::string_view key, Once& once) {
  if (key == "delta") {
    Once once_in_delta;
    return once(0) && json_.Object([&](std::string_view member) { return DeltaMember(member, once_in_delta); });
  }
  if (key == "finish_reason") return once(1) && (json_.TakeNull() || FinishReason());
  if (key == "index") {
    int index = 0;
    return once(2) && json_.Count(index) && index == 0;
  }
  if (key == "usage") {
    bool told = false;
    return once(3) && Usage(told);
  }
  if (key == "message" || key == "text") return false;
  return json_.Skip();
}

bool Reader::DeltaMember(std::string_view key, Once& once) {
  if (key == "content") return once(0) && (json_.TakeNull() || json_.String(chunk_.text));
  if (key == "reasoning_content") return once(1) && Reasoning();
  if (key == "reasoning") return once(2) && Reasoning();
  if (key == "refusal") return once(3) && json_.TakeNull();
  if (key == "tool_calls") return once(4) && json_.TakeNull();
  if (key == "function_call") return once(5) && json_.TakeNull();
  if (key == "reasoning_details") return false;
  return json_.Skip();
}

bool Reader::Reasoning() {
  if (json_.TakeNull()) return true;
  bool empty = false;
  if (!json_.SkipString(empty)) return false;
  chunk_.reasoning = chunk_.reasoning || !empty;
  return true;
}

bool Reader::FinishReason() {
  std::string_view reason;
  if (!json_.Plain(reason)) return false;
  if (reason != "null") chunk_.finish_reason = CleanCode(reason);
  return true;
}

bool Reader::Usage(bool& told) {
  if (json_.TakeNull()) return true;
  Once once;
  told = true;
  const auto count = [&](int& most) {
    int tokens = 0;
    if (!json_.TakeNull() && !json_.Count(tokens)) return false;
    most = std::max(most, tokens);
    return true;
  };
  return json_.Object([&](std::string_view key) {
    if (key == "prompt_tokens") return once(0) && count(chunk_.prompt_tokens);
    if (key == "completion_tokens") return once(1) && count(chunk_.completion_tokens);
    return json_.Skip();
  });
}

}  // namespace

bool ReadCommonChunk(std::string_view json, ChatChunk& chunk) { return Reader(json, chunk).Read(); }

}  // namespace yingda::model
