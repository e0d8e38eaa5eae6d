// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "app/check_online.h"
#include "base/clock.h"
#include "model/upstream_request.h"
#include "net/event_loop.h"
#include "net/http_client.h"

namespace yingda::app {

struct UpstreamCheckLimits {
  base::Duration question = std::chrono::seconds(60);  // to the end of the answer
  base::Duration lookup = std::chrono::seconds(5);     // of a list of models, of which at most two are asked for
};

/// Asks each model upstream one tiny question, all at the same time, and says how it went, in the order given. Where
/// the address or the model's name looks wrong, the list of models tells which. Each question costs a few tokens; one
/// to a provider that always wants a key is not sent without. Blocks up to the limits, so not on the loop.
/// Lifetime: client and loop outlive it; nothing is left of it on the loop.
std::vector<OnlineReport> CheckUpstreamsOnline(const std::vector<model::UpstreamOptions>& upstreams,
                                               net::HttpClient& client, net::EventLoop& loop,
                                               const UpstreamCheckLimits& limits = {});

}  // namespace yingda::app
