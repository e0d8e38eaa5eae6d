// SPDX-License-Identifier: MIT
#include "model/sse_decoder.h"

#include <algorithm>

namespace yingda::model {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Finds line ends from left to right. However many of one kind there are before one of the other, each byte is
/// searched once for each kind.
class LineEnds {
 public:
  explicit LineEnds(std::string_view bytes) : bytes_(bytes), cr_(bytes.find('\r')), lf_(bytes.find('\n')) {}
  /// The first at or behind `from`, or npos.
  size_t Next(size_t from) {
    if (cr_ < from) cr_ = bytes_.find('\r', from);
    if (lf_ < from) lf_ = bytes_.find('\n', from);
    return std::min(cr_, lf_);
  }

 private:
  const std::string_view bytes_;
  size_t cr_;
  size_t lf_;
};

}  // namespace

base::Result<void> SseDecoder::Feed(std::string_view bytes, const OnEvent& on_event) {
  LineEnds ends(bytes);
  for (size_t at = 0; at < bytes.size() && !too_large_;) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes[at] == '\n') {
        ++at;
        continue;
      }
    }
    const size_t end = ends.Next(at);
    const std::string_view piece = bytes.substr(at, end - at);
    if (partial_line_.size() + piece.size() > limits_.max_line_bytes) {
      too_large_ = true;
      break;
    }
    if (end == bytes.npos) {
      partial_line_ += piece;
      break;
    }
    after_cr_ = bytes[end] == '\r';
    at = end + 1;
    if (partial_line_.empty()) {
      Line(piece, on_event);
      continue;
    }
    partial_line_ += piece;
    std::string line;
    line.swap(partial_line_);
    Line(line, on_event);
    if (partial_line_.empty()) {  // keep the buffer for the next line
      line.clear();
      partial_line_.swap(line);
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
