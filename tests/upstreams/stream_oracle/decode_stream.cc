// SPDX-License-Identifier: MIT
// Tells what SseDecoder and ChatStream make of streams: each comes on stdin as a line with the sizes of its pieces, in
// bytes and separated by spaces, and then the pieces; each is answered by a line of JSON. Data of events is told in
// hexadecimal, for it may be any bytes.
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "model/chat_stream.h"
#include "model/sse_decoder.h"

namespace {

using Json = nlohmann::json;
using yingda::model::ChatStream;
using yingda::model::SseDecoder;

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Json Events(const std::vector<std::string>& pieces) {
  Json events = Json::array();
  const auto on_event = [&](const SseDecoder::Event& event) {
    events.push_back({{"name", Hex(event.name)}, {"data", Hex(event.data)}, {"complete", event.complete}});
  };
  SseDecoder decoder;
  bool ok = true;
  for (const std::string& piece : pieces) ok = ok && decoder.Feed(piece, on_event).has_value();
  ok = ok && decoder.Finish(on_event).has_value();
  return ok ? events : Json("too large");
}

Json Answer(const std::vector<std::string>& pieces) {
  ChatStream stream;
  std::string text;
  for (const std::string& piece : pieces) stream.Feed(piece, text);
  stream.Finish(true, text);
  const auto& outcome = stream.outcome();
  return {{"text", text},
          {"failure", yingda::model::ToString(outcome.failure)},
          {"ok", outcome.failure == yingda::model::ChatFailure::kNone},
          {"truncated", outcome.truncated},
          {"detail", outcome.detail},
          {"finish_reason", outcome.finish_reason},
          {"reasoning_seen", outcome.reasoning_seen},
          {"prompt_tokens", outcome.prompt_tokens},
          {"completion_tokens", outcome.completion_tokens}};
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream sizes(line);
    std::vector<std::string> pieces;
    for (size_t size = 0; sizes >> size;) {
      std::string piece(size, '\0');
      if (size > 0 && !std::cin.read(piece.data(), static_cast<std::streamsize>(size))) {
        std::fprintf(stderr, "decode_stream: the input ends within a stream\n");
        return 1;
      }
      pieces.push_back(std::move(piece));
    }
    const Json told = {{"events", Events(pieces)}, {"answer", Answer(pieces)}};
    std::cout << told.dump() << '\n';
  }
  return 0;
}
