// SPDX-License-Identifier: MIT
#include "net/http_framing.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace yingda::net {
namespace {

constexpr int kBadRequest = 400;
constexpr int kLengthRequired = 411;
constexpr int kContentTooLarge = 413;
constexpr int kUnsupportedMediaType = 415;
constexpr int kExpectationFailed = 417;
constexpr int kHeadTooLarge = 431;
constexpr size_t kMaxLengthDigits = 12;

constexpr std::array<bool, 256> MakeTokenTable() {
  std::array<bool, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kTokenCharacter = MakeTokenTable();

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return kTokenCharacter[c]; });
}

bool IsControl(unsigned char c) { return c < 0x20 || c == 0x7f; }

char LowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string_view Trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return LowerCase(x) == LowerCase(y); });
}

RequestFramer::State RequestFramer::Reject(int status) {
  // A line may have found a more exact status than the caller's.
  if (rejection_ == 0) rejection_ = static_cast<uint16_t>(status);
  return State::kRejected;
}

RequestFramer::State RequestFramer::Advance(std::string_view bytes, const FramingLimits& limits) {
  if (rejection_ != 0) return State::kRejected;
  while (!head_complete_) {
    const size_t line_feed = bytes.find('\n', std::max(position_, searched_));
    // The limit comes before the line's content, so that a long bad line gets the same answer whole or in pieces.
    const size_t seen = line_feed == std::string_view::npos ? bytes.size() : line_feed + 1;
    if (seen > limits.max_head_bytes) return Reject(kHeadTooLarge);
    if (line_feed == std::string_view::npos) {
      searched_ = bytes.size();
      return State::kIncomplete;
    }
    if (line_feed == position_ || bytes[line_feed - 1] != '\r') return Reject(kBadRequest);
    const std::string_view line = bytes.substr(position_, line_feed - 1 - position_);
    position_ = line_feed + 1;
    if (!request_line_taken_) {
      if (!TakeRequestLine(line)) return Reject(kBadRequest);
      request_line_taken_ = true;
    } else if (line.empty()) {
      head_complete_ = true;
    } else if (!TakeHeader(line)) {
      return Reject(kBadRequest);
    }
  }
  if (body_bytes_ > limits.max_body_bytes) return Reject(kContentTooLarge);
  return bytes.size() - position_ >= body_bytes_ ? State::kComplete : State::kIncomplete;
}

bool RequestFramer::TakeRequestLine(std::string_view line) {
  const size_t after_method = line.find(' ');
  if (after_method == std::string_view::npos || !IsToken(line.substr(0, after_method))) return false;
  const size_t after_target = line.find(' ', after_method + 1);
  if (after_target == std::string_view::npos || after_target == after_method + 1) return false;
  const std::string_view target = line.substr(after_method + 1, after_target - after_method - 1);
  if (std::any_of(target.begin(), target.end(), [](unsigned char c) { return IsControl(c); })) return false;
  const std::string_view version = line.substr(after_target + 1);
  http10_ = version == "HTTP/1.0";
  return http10_ || version == "HTTP/1.1";
}

bool RequestFramer::TakeHeader(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return IsControl(c) && c != '\t'; })) return false;
  // Only the few names that decide about framing are looked at; most headers are told apart by their length.
  switch (name.size()) {
    case 4:
      if (EqualIgnoringCase(name, "host")) {
        if (has_host_) return false;
        has_host_ = true;
      }
      return true;
    case 6:
      if (EqualIgnoringCase(name, "expect")) {
        if (!EqualIgnoringCase(value, "100-continue")) return Reject(kExpectationFailed), false;
        expects_continue_ = true;
      }
      return true;
    case 10:
      if (EqualIgnoringCase(name, "connection")) TakeConnection(value);
      return true;
    case 14:
      return !EqualIgnoringCase(name, "content-length") || TakeContentLength(value);
    case 16:
      if (EqualIgnoringCase(name, "content-encoding")) return Reject(kUnsupportedMediaType), false;
      return true;
    case 17:
      // The proxy in front buffers requests and sends a length; chunked bodies have no honest sender here.
      if (EqualIgnoringCase(name, "transfer-encoding")) return Reject(kLengthRequired), false;
      return true;
    default:
      return true;
  }
}

bool RequestFramer::TakeContentLength(std::string_view value) {
  if (has_length_ || value.empty() || value.size() > kMaxLengthDigits) return false;
  has_length_ = true;
  for (const char c : value) {
    if (c < '0' || c > '9') return false;
    body_bytes_ = body_bytes_ * 10 + static_cast<size_t>(c - '0');
  }
  return true;
}

void RequestFramer::TakeConnection(std::string_view value) {
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    const std::string_view option = Trimmed(value.substr(0, comma));
    if (EqualIgnoringCase(option, "close")) asks_close_ = true;
    if (EqualIgnoringCase(option, "keep-alive")) asks_keep_alive_ = true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

std::string_view FindHeader(std::string_view head, std::string_view name) {
  size_t begin = head.find('\n');  // behind the request line
  while (begin != std::string_view::npos) {
    const std::string_view rest = head.substr(begin + 1);
    const size_t end = rest.find('\r');
    if (end == std::string_view::npos || end == 0) break;
    if (end > name.size() && rest[name.size()] == ':' && EqualIgnoringCase(rest.substr(0, name.size()), name)) {
      return Trimmed(rest.substr(name.size() + 1, end - name.size() - 1));
    }
    begin = head.find('\n', begin + 1 + end);
  }
  return {};
}

}  // namespace yingda::net
