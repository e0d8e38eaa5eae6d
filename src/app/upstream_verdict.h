// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/check_online.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/chat_model.h"
#include "model/upstream_request.h"

namespace yingda::app {

/// What one small question to a model upstream has shown.
struct UpstreamFindings {
  model::ChatOutcome outcome;
  std::optional<base::Duration> first_token;
  base::Duration total{};
  int status = 0;            // of the HTTP answer; 0: none came
  std::string code;          // of the error that it told
  bool web_page = false;     // HTML came
  bool wants_https = false;  // the other side said that it speaks TLS only
  std::string location;      // of a redirect
  std::string trouble;       // of the transport; empty: none
  /// Names of the models, when it was worth asking for them and base_url was right; empty list: it named none.
  std::optional<std::vector<std::string>> models;
  std::string better_base_url;  // one that has been tried and lists models; empty: none was found
};

/// Is the address in doubt, so that it is worth looking where the models are listed?
bool AddressInDoubt(const UpstreamFindings& findings);

/// What base_url ought to be, as far as its host tells: with the path of the provider, or with /v1. Empty: it is
/// already, or nobody knows.
std::string SuggestedBaseUrl(const model::UpstreamOptions& upstream);

/// The findings in words for the operator: first whether it works, then what may be better, each with what to do.
/// Never holds the key, nor any other text of the upstream than codes, cleaned names of models and an address.
OnlineReport UpstreamVerdict(const model::UpstreamOptions& upstream, const UpstreamFindings& findings);

}  // namespace yingda::app
