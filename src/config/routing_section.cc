// SPDX-License-Identifier: MIT
#include "config/routing_section.h"

#include <algorithm>

namespace yingda::config {
namespace {

using namespace std::chrono_literals;

constexpr size_t kMostUpstreams = 16;  // of one account

UpstreamChoice ReadChoice(const base::YamlNode& item, base::YamlProblems& problems) {
  if (item.IsScalar()) return {item.text, 0};
  base::YamlMap map(&item, problems);
  map.Require("name");
  UpstreamChoice choice;
  choice.name = map.String("name");
  choice.weight = static_cast<unsigned>(map.Integer("weight", 0, 1, 1000));
  return choice;
}

}  // namespace

void ReadRouting(base::YamlMap& root, Config& config) {
  base::YamlMap map = root.Map("routing");
  model::RouteOptions& route = config.route;
  route.most_calls = static_cast<int>(map.Integer("most_calls", 4, 1, 20));
  route.hedge_after = map.Duration("hedge_after", 2500ms, 0s, 1min);
  route.hedge_share = static_cast<double>(map.Integer("hedge_at_most", 10, 0, 100)) / 100;
  route.give_up_after = map.Duration("give_up_after", 8s, 0s, 10min);
  route.first_pause = map.Duration("first_pause", 500ms, 10ms, 1min);
  route.longest_wait = map.Duration("longest_wait", 1s, 0s, 1min);
  route.longest_wait_alone = map.Duration("longest_wait_alone", 20s, 0s, 10min);

  config.pictures.timeout = map.Duration("picture_timeout", 3s, 100ms, 30s);
  config.pictures.max_bytes = map.Size("max_picture", size_t{4} << 20, 1024, size_t{10} << 20);

  model::UpstreamHealth::Options& health = config.upstream_health;
  base::YamlMap breaker = map.Map("breaker");
  health.breaker.window = breaker.Duration("window", 30s, 1s, 10min);
  health.breaker.least_samples = static_cast<int>(breaker.Integer("least_calls", 5, 1, 10'000));
  health.breaker.failing_share = static_cast<double>(breaker.Integer("failing_percent", 50, 1, 100)) / 100;
  health.breaker.first_pause = breaker.Duration("pause", 5s, 100ms, 1h);
  health.breaker.longest_pause = breaker.Duration("longest_pause", 1min, 100ms, 24h);
  health.breaker.longest_pause = std::max(health.breaker.longest_pause, health.breaker.first_pause);
  health.first_park = map.Duration("park", 5min, 1s, 24h);
  health.longest_park = map.Duration("longest_park", 30min, 1s, 24h * 7);
  health.longest_park = std::max(health.longest_park, health.first_park);
}

std::vector<UpstreamChoice> ReadUpstreamChoices(base::YamlMap& account, const Config& config) {
  std::vector<UpstreamChoice> choices;
  const base::YamlNode* const node = account.Find("upstreams");
  if (node == nullptr) return choices;
  if (node->IsList()) {
    for (const base::YamlNode& item : node->items) choices.push_back(ReadChoice(item, account.problems()));
  } else {
    choices.push_back(ReadChoice(*node, account.problems()));
  }
  if (choices.size() > kMostUpstreams) {
    account.Problem("upstreams", "more than 16 upstreams; keep those that matter", "模型服务太多，最多 16 个");
  }
  for (size_t i = 0; i < choices.size(); ++i) {
    const std::string& name = choices[i].name;
    if (name.empty()) continue;  // reported
    const bool known = std::any_of(config.upstreams.begin(), config.upstreams.end(),
                                   [&](const auto& upstream) { return upstream.name == name; });
    if (!known) {
      account.Problem("upstreams", "upstream \"" + name + "\" is not under upstreams: of this file",
                      "没有这个模型服务");
    }
    const auto before = choices.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(choices.begin(), before, [&](const UpstreamChoice& other) { return other.name == name; })) {
      account.Problem("upstreams", "upstream \"" + name + "\" stands there twice", "模型服务重复");
    }
  }
  return choices;
}

}  // namespace yingda::config
