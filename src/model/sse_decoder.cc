// SPDX-License-Identifier: MIT
#include "model/sse_decoder.h"

namespace yingda::model {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

base::Result<void> SseDecoder::Feed(std::string_view bytes, const OnEvent& on_event) {
  while (!bytes.empty() && !too_large_) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const size_t end = bytes.find_first_of("\r\n");
    const std::string_view piece = bytes.substr(0, end);
    if (partial_line_.size() + piece.size() > limits_.max_line_bytes) {
      too_large_ = true;
      break;
    }
    if (end == bytes.npos) {
      partial_line_ += piece;
      break;
    }
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (partial_line_.empty()) {
      Line(piece, on_event);
    } else {
      partial_line_ += piece;
      std::string line;
      line.swap(partial_line_);
      Line(line, on_event);
      if (partial_line_.empty()) {  // keep the buffer for the next line
        line.clear();
        partial_line_.swap(line);
      }
    }
  }
  return Verdict();
}

base::Result<void> SseDecoder::Finish(const OnEvent& on_event) {
  if (too_large_) return Verdict();
  const bool cut_in_line = !partial_line_.empty();
  std::string line;
  line.swap(partial_line_);
  if (cut_in_line) Line(line, on_event);
  if (!too_large_) Dispatch(false, on_event);
  return Verdict();
}

void SseDecoder::Line(std::string_view line, const OnEvent& on_event) {
  if (first_line_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  first_line_ = false;
  if (line.empty()) {
    Dispatch(true, on_event);
    return;
  }
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    name_ = value;
  } else if (field == "data") {
    if (data_.size() + value.size() + 1 > limits_.max_event_bytes) {
      too_large_ = true;
      return;
    }
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
}

void SseDecoder::Dispatch(bool complete, const OnEvent& on_event) {
  if (has_data_) on_event({name_, data_, complete});
  name_.clear();
  data_.clear();
  has_data_ = false;
}

base::Result<void> SseDecoder::Verdict() const {
  if (!too_large_) return {};
  return base::Error{base::ErrorCode::kTooLarge, "a line or an event of the stream is too long"};
}

}  // namespace yingda::model
