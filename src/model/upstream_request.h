// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/chat_model.h"
#include "model/dialect.h"
#include "net/http_client.h"

namespace yingda::model {

/// One OpenAI-compatible endpoint and how it is to be used.
struct UpstreamOptions {
  std::string name = "main";  // for logs and metrics
  std::string base_url;
  std::string api_key;  // empty: none is sent
  std::string model;
  int max_tokens = 0;  // 0: not sent
  std::optional<double> temperature;
  std::optional<Dialect> dialect;  // empty: as DetectDialect says
  /// Asks the model not to think before it answers, in the words of its provider where those are known.
  bool thinking_off = true;
  std::string extra_body;  // a JSON object, merged into the body last; null takes a member out
  std::vector<std::pair<std::string, std::string>> extra_headers;
  bool takes_pictures = false;  // false: those of the messages are left out

  base::Duration connect_timeout = std::chrono::milliseconds(1500);
  /// From sending the request to the first piece of the answer. Reasoning and keep-alives are not the answer.
  base::Duration first_token_timeout = std::chrono::seconds(60);
  base::Duration idle_timeout = std::chrono::seconds(20);  // between two pieces of the answer
  base::Duration total_timeout = std::chrono::minutes(10);

  size_t max_calls_in_flight = 200;
  size_t max_queued = 200;

  base::Duration keep_warm{};  // see KeepWarm::Options::every
};

/// What an upstream has turned out not to take, so that it is left out or said otherwise from then on.
struct RequestChanges {
  bool no_stream_options = false;
  bool other_max_tokens = false;  // max_completion_tokens instead of max_tokens, or the other way round
  bool no_temperature = false;
  bool no_thinking_switch = false;

  /// One of RequestMembers was refused. False: it was not in the request, or nothing is left to change about it.
  bool Learn(std::string_view refused_member, const UpstreamOptions& options);
  bool operator==(const RequestChanges&) const = default;
};

Dialect DialectOf(const UpstreamOptions& options);

/// What is wrong with the options, in words for an operator; for use before the model is made.
base::Result<void> CheckUpstream(const UpstreamOptions& options);

/// The key, in its dialect's header, and the operator's own headers.
void AddHeaders(const UpstreamOptions& options, net::HttpClientRequest& request);

/// Makes one upstream's requests. What depends on its options alone, which is all but the messages, is made once.
/// Bad extra_body is left out: CheckUpstream reports it.
/// Thread-safety: none.
class UpstreamRequestMaker {
 public:
  explicit UpstreamRequestMaker(UpstreamOptions options);

  net::HttpClientRequest Make(const std::vector<ChatMessage>& messages, const RequestChanges& changes = {});

 private:
  /// The body around the messages; where extra_body has its own messages, all of it.
  struct Frame {
    RequestChanges changes;
    std::string before, after;
    bool takes_messages = true;
  };

  Frame MakeFrame(const RequestChanges& changes) const;

  const UpstreamOptions options_;
  const Dialect dialect_;
  net::HttpClientRequest request_;  // without a body
  Frame frame_;                     // the last one; changes are few
};

/// One request, for whoever makes no more of them.
net::HttpClientRequest MakeUpstreamRequest(const UpstreamOptions& options, const std::vector<ChatMessage>& messages,
                                           const RequestChanges& changes = {});

}  // namespace yingda::model
