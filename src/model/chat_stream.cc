// SPDX-License-Identifier: MIT
#include "model/chat_stream.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace yingda::model {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

template <size_t kCount>
bool OneOf(std::string_view word, const std::array<std::string_view, kCount>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 3> kContentReasons = {"content_filter", "sensitive", "safety"};
/// The provider failed and says so in the place where the end is explained.
constexpr std::array<std::string_view, 4> kBrokenReasons = {"network_error", "insufficient_system_resource", "error",
                                                            "abort"};
constexpr std::array<std::string_view, 3> kLengthReasons = {"length", "max_tokens", "model_length"};

}  // namespace

ChatStream::ChatStream(const Options& options)
    : options_(options), sse_(options.sse), filter_({options.hold_back_unopened_reasoning, options.max_answer_bytes}) {}

void ChatStream::Feed(std::string_view bytes, std::string& text) {
  if (done_) return;
  if (format_ == Format::kUnknown) Recognise(bytes);
  if (format_ == Format::kEvents) {
    const auto fed = sse_.Feed(bytes, [&](const SseDecoder::Event& event) { OnEvent(event, text); });
    if (!fed && !done_) Fail(ChatFailure::kBadAnswer, "the stream has a line or an event that is too long");
  } else if (format_ == Format::kJson) {
    if (json_.size() + bytes.size() > options_.sse.max_event_bytes) {
      Fail(ChatFailure::kBadAnswer, "the answer is too long");
    } else {
      json_ += bytes;
    }
  } else if (format_ == Format::kOther) {
    Fail(ChatFailure::kBadAnswer, "neither an event stream nor JSON");
  }
}

/// Decides by the first byte that is not blank, and takes the blanks away. No event stream starts with a brace, and
/// some servers send blank lines while they think, before a JSON answer.
void ChatStream::Recognise(std::string_view& bytes) {
  while (!bytes.empty()) {
    if (bom_bytes_ < kByteOrderMark.size() && bytes.front() == kByteOrderMark[bom_bytes_]) {
      ++bom_bytes_;
    } else if (std::string_view(" \t\r\n").find(bytes.front()) == std::string_view::npos) {
      break;
    }
    bytes.remove_prefix(1);
  }
  if (bytes.empty()) return;
  if (bytes.front() == '{') {
    format_ = Format::kJson;
  } else if (bytes.front() == '<' || bytes.front() == '[' || bytes.front() == '"') {
    format_ = Format::kOther;
  } else {
    format_ = Format::kEvents;
  }
}

void ChatStream::OnEvent(const SseDecoder::Event& event, std::string& text) {
  if (done_) return;
  const std::string_view data = base::TrimBlanks(event.data);
  if (data.empty()) return;
  if (data.starts_with("[DONE]")) {
    done_marker_ = true;
    End(text, false);
    return;
  }
  const auto chunk = ParseChatChunk(data);
  if (event.name == "error" && !(chunk && chunk->error)) {
    Fail(Classify({}), "error event");
  } else if (chunk) {
    OnChunk(*chunk, text);
  } else if (event.complete) {
    unreadable_ = true;  // one odd event among good ones is no reason to throw an answer away
  }
}

void ChatStream::OnChunk(const ChatChunk& chunk, std::string& text) {
  if (chunk.recognised) ++chunks_;
  outcome_.prompt_tokens = std::max(outcome_.prompt_tokens, chunk.prompt_tokens);
  outcome_.completion_tokens = std::max(outcome_.completion_tokens, chunk.completion_tokens);
  outcome_.reasoning_seen = outcome_.reasoning_seen || chunk.reasoning;
  tool_calls_ = tool_calls_ || chunk.tool_calls;
  AddText(chunk, text);
  if (done_) return;
  if (outcome_.finish_reason.empty()) outcome_.finish_reason = chunk.finish_reason;
  if (chunk.error) {
    UpstreamError error = *chunk.error;
    if (error.status == 0) error.status = 200;
    Fail(Classify(*chunk.error), Describe(error));
  }
}

void ChatStream::AddText(const ChatChunk& chunk, std::string& text) {
  if (chunk.text.empty() || (chunk.whole_message && format_ == Format::kEvents && progress() > 0)) return;
  if (chunk.marked || joiner_.waits()) {
    std::string joined;
    joiner_.Feed(chunk.text, chunk.marked, joined);
    Filter(joined, text);
  } else {
    Filter(chunk.text, text);
  }
  if (filter_.leaked()) Fail(ChatFailure::kBadAnswer, "reasoning came without its opening tag");
}

void ChatStream::Filter(std::string_view piece, std::string& text) {
  const size_t before = text.size();
  filter_.Feed(piece, text);
  outcome_.reasoning_seen = outcome_.reasoning_seen || filter_.reasoning_seen();
  Limit(before, text);
}

/// Takes back what was added to `text` behind `before` and is too much.
void ChatStream::Limit(size_t before, std::string& text) {
  const std::string_view piece = std::string_view(text).substr(before);
  const std::string_view fits = base::Utf8Prefix(piece, options_.max_answer_bytes - given_bytes_);
  given_bytes_ += fits.size();
  if (fits.size() == piece.size()) return;
  text.resize(before + fits.size());
  done_ = true;
  outcome_.truncated = true;
  outcome_.detail = "the answer was cut at its limit";
}

void ChatStream::Finish(bool whole, std::string& text) {
  if (done_) return;
  if (format_ == Format::kEvents) {
    const auto fed = sse_.Finish([&](const SseDecoder::Event& event) { OnEvent(event, text); });
    if (!fed && !done_) Fail(ChatFailure::kBadAnswer, "the stream has a line or an event that is too long");
  } else if (format_ == Format::kJson) {
    OnJsonBody(text);
  }
  if (!done_) End(text, !whole || format_ == Format::kEvents);
}

void ChatStream::OnJsonBody(std::string& text) {
  const auto chunk = ParseChatChunk(json_);
  if (chunk) {
    OnChunk(*chunk, text);
  } else {
    unreadable_ = true;
  }
}

void ChatStream::End(std::string& text, bool cut) {
  cut = cut && !done_marker_;
  std::string joined;
  joiner_.Finish(joined);
  Filter(joined, text);
  const size_t before = text.size();
  if (!done_) filter_.Finish(cut && outcome_.finish_reason.empty(), text);
  outcome_.reasoning_seen = outcome_.reasoning_seen || filter_.reasoning_seen();
  Limit(before, text);
  if (done_) return;
  if (filter_.leaked()) {
    Fail(ChatFailure::kBadAnswer, "reasoning came without its opening tag");
    return;
  }
  Judge(cut);
}

/// The stream is over and told of no error: was it an answer? `cut`: nothing but a finish reason can tell that the end
/// is the end.
void ChatStream::Judge(bool cut) {
  const std::string& reason = outcome_.finish_reason;
  const bool has_text = given_bytes_ > 0;
  const std::string because = reason.empty() ? std::string() : ", finish reason " + reason;
  if (OneOf(reason, kContentReasons)) {
    Fail(ChatFailure::kContentPolicy, "finish reason " + reason);
  } else if (OneOf(reason, kBrokenReasons)) {
    Fail(ChatFailure::kOverloaded, "finish reason " + reason);
  } else if (has_text) {
    done_ = true;
    outcome_.truncated = OneOf(reason, kLengthReasons) || (cut && reason.empty());
    if (outcome_.truncated && reason.empty()) outcome_.detail = "cut off";
  } else if (chunks_ == 0 && !done_marker_) {
    Fail(ChatFailure::kBadAnswer, cut && !unreadable_ ? "cut off before any text" : "not the protocol");
  } else if (tool_calls_) {
    Fail(ChatFailure::kBadAnswer, "tool calls instead of text");
  } else if (cut && reason.empty()) {
    Fail(ChatFailure::kBadAnswer, "cut off before any text");
  } else {
    Fail(ChatFailure::kEmpty, (reasoning_seen() ? "reasoning only" : "no text") + because);
  }
}

void ChatStream::Fail(ChatFailure failure, std::string detail) {
  done_ = true;
  outcome_.failure = failure;
  outcome_.detail = std::move(detail);
  // What the provider refused, and what may be reasoning, must not be shown, not even in part.
  outcome_.truncated = given_bytes_ > 0 && failure != ChatFailure::kContentPolicy && !filter_.leaked();
}

}  // namespace yingda::model
