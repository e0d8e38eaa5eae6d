// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/chat_chunk.h"
#include "model/chat_model.h"
#include "model/reasoning_filter.h"
#include "model/sse_decoder.h"
#include "model/surrogates.h"

namespace yingda::model {

/// Turns the body of a successful (2xx) answer of a chat API into text and an outcome: an event stream as asked for,
/// or one JSON object all the same, told apart by their first byte because the content type is often wrong. Pure.
/// Text that comes out is valid UTF-8, free of reasoning, without leading white space, and at most `max_answer_bytes`.
class ChatStream {
 public:
  struct Options {
    SseDecoder::Limits sse;
    size_t max_answer_bytes = 64 * 1024;
    /// See ReasoningFilter: for models known to leave out the opening tag.
    bool hold_back_unopened_reasoning = false;
  };

  ChatStream() : ChatStream(Options{}) {}
  explicit ChatStream(const Options& options);

  /// Appends to `text` what is sure to be the answer's next piece.
  void Feed(std::string_view bytes, std::string& text);
  /// The body has ended. `whole`: as the transport promised; else it was cut.
  void Finish(bool whole, std::string& text);

  /// Nothing that may still come matters: [DONE], an error, or a limit.
  bool done() const { return done_; }
  /// The answer's last words were said; at most usage and [DONE] are still to come.
  bool finish_reason_seen() const { return !outcome_.finish_reason.empty(); }
  /// Bytes of the answer so far, given out or not: grows with content, and not with reasoning or keep-alives.
  size_t progress() const { return filter_.progress(); }
  bool reasoning_seen() const { return outcome_.reasoning_seen; }
  bool reasoning_leaked() const { return filter_.leaked(); }
  /// Valid after Finish, or as soon as done().
  const ChatOutcome& outcome() const { return outcome_; }

 private:
  enum class Format { kUnknown, kEvents, kJson, kOther };

  void Recognise(std::string_view& bytes);
  void OnEvent(const SseDecoder::Event& event, std::string& text);
  void OnJsonBody(std::string& text);
  void OnChunk(const ChatChunk& chunk, std::string& text);
  void AddText(const ChatChunk& chunk, std::string& text);
  void Filter(std::string_view piece, std::string& text);
  void Limit(size_t before, std::string& text);
  void End(std::string& text, bool cut);
  void Fail(ChatFailure failure, std::string detail);
  void Judge(bool cut);

  const Options options_;
  Format format_ = Format::kUnknown;
  size_t bom_bytes_ = 0;
  SseDecoder sse_;
  std::string json_;
  SurrogateJoiner joiner_;
  ReasoningFilter filter_;
  ChatOutcome outcome_;
  size_t given_bytes_ = 0;
  size_t chunks_ = 0;  // that were recognised
  bool unreadable_ = false;
  bool tool_calls_ = false;
  bool done_marker_ = false;
  bool done_ = false;
};

}  // namespace yingda::model
