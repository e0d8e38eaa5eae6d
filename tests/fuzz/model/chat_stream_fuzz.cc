// SPDX-License-Identifier: MIT
// The first byte says how the rest, the body of an upstream's answer, is cut into pieces. Whatever it is, the text must
// be valid, bounded, and the same as when the body comes whole.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "model/chat_stream.h"

namespace {

using yingda::model::ChatFailure;
using yingda::model::ChatStream;

constexpr size_t kMaxAnswer = 2000;

struct Read {
  std::string text;
  ChatFailure failure;
  bool truncated;
};

Read ReadInPieces(std::string_view body, size_t piece_size, bool hold_back) {
  ChatStream::Options options;
  options.sse = {4000, 8000};
  options.max_answer_bytes = kMaxAnswer;
  options.hold_back_unopened_reasoning = hold_back;
  ChatStream stream(options);
  Read read;
  while (!body.empty()) {
    std::string text;
    stream.Feed(body.substr(0, piece_size), text);
    if (!yingda::base::IsValidUtf8(text)) std::abort();
    read.text += text;
    body.remove_prefix(std::min(piece_size, body.size()));
  }
  stream.Finish(true, read.text);
  if (!stream.done() || read.text.size() > kMaxAnswer || !yingda::base::IsValidUtf8(read.text)) std::abort();
  if (!read.text.empty() && read.text.front() == ' ') std::abort();
  read.failure = stream.outcome().failure;
  read.truncated = stream.outcome().truncated;
  if (read.failure == ChatFailure::kNone && read.text.empty()) std::abort();
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool hold_back = (data[0] & 0x80) != 0;
  const Read whole = ReadInPieces(body, std::max<size_t>(body.size(), 1), hold_back);
  const Read pieces = ReadInPieces(body, 1 + (data[0] & 0x7F), hold_back);
  if (whole.text != pieces.text || whole.failure != pieces.failure || whole.truncated != pieces.truncated) std::abort();
  return 0;
}
