// SPDX-License-Identifier: MIT
#include "config/reload_section.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>

namespace yingda::config {
namespace {

using namespace std::chrono_literals;

/// Keys of an account that TakeReloadable takes; and that reload them.
constexpr std::string_view kOfAccounts[] = {"texts",      "system_prompt",      "quotas",
                                            "model_sees", "max_question_bytes", "word_filter"};

std::string Below(const std::string& place, const std::string& name) {
  return place.empty() ? name : place + "." + name;
}

void Collect(const base::YamlNode& node, const std::string& place, std::map<std::string, size_t>& written) {
  if (node.IsScalar()) {
    written[place] = std::hash<std::string>{}(node.text);
  } else if (node.IsMap()) {
    for (const base::YamlEntry& entry : node.entries) Collect(entry.value, Below(place, entry.key.text), written);
  } else if (node.IsList()) {
    if (node.items.empty()) written[place] = 0;
    for (size_t i = 0; i < node.items.size(); ++i) {
      const base::YamlNode* const name = node.items[i].Find("name");
      const bool named = name != nullptr && name->IsScalar() && !name->text.empty();
      Collect(node.items[i], Below(place, named ? name->text : std::to_string(i)), written);
    }
  }
}

bool IsReloadable(std::string_view place) {
  constexpr std::string_view kAccounts = "accounts.";
  if (!place.starts_with(kAccounts)) return false;
  place.remove_prefix(kAccounts.size());
  const size_t dot = place.find('.');  // account names have none
  if (dot == std::string_view::npos) return false;
  const std::string_view key = place.substr(dot + 1, place.find('.', dot + 1) - dot - 1);
  return std::find(std::begin(kOfAccounts), std::end(kOfAccounts), key) != std::end(kOfAccounts);
}

/// All places and the sections that they stand in.
std::set<std::string> WithSections(const std::map<std::string, size_t>& written) {
  std::set<std::string> places;
  for (const auto& [place, hash] : written) {
    for (size_t dot = place.find('.'); dot != std::string::npos; dot = place.find('.', dot + 1)) {
      places.insert(place.substr(0, dot));
    }
    places.insert(place);
  }
  return places;
}

/// Of a place that only one side has, the largest section around it that the other side does not have.
std::string Outermost(const std::string& place, const std::set<std::string>& other) {
  for (size_t dot = place.find('.'); dot != std::string::npos; dot = place.find('.', dot + 1)) {
    if (other.count(place.substr(0, dot)) == 0) return place.substr(0, dot);
  }
  return place;
}

/// An account that is new or gone as a whole is no change of its texts.
bool Reloads(const std::string& place, const std::string& outermost) {
  return place == "log.level" || (IsReloadable(place) && IsReloadable(outermost));
}

}  // namespace

void ReadReload(base::YamlMap& root, Config& config) {
  base::YamlMap map = root.Map("reload");
  config.reload.watch = map.Choice("watch", ReloadOptions::Watch::kAuto,
                                   {{"auto", ReloadOptions::Watch::kAuto},
                                    {"inotify", ReloadOptions::Watch::kInotify},
                                    {"poll", ReloadOptions::Watch::kPoll},
                                    {"off", ReloadOptions::Watch::kOff}});
  config.reload.debounce = map.Duration("debounce", 300ms, 10ms, 10s);
  config.reload.poll_every = map.Duration("poll_every", 2s, 100ms, 1h);
}

std::map<std::string, size_t> WrittenKeys(const base::YamlNode& root) {
  std::map<std::string, size_t> written;
  Collect(root, "", written);
  return written;
}

void TakeReloadable(const AccountConfig& from, AccountConfig& into) {
  into.texts = from.texts;
  into.system_prompt = from.system_prompt;
  into.quotas = from.quotas;
  into.sees = from.sees;
  into.max_question_bytes = from.max_question_bytes;
  into.word_filter = from.word_filter;
}

std::vector<std::string> NeedsRestart(const Config& started, const Config& now) {
  const std::set<std::string> before = WithSections(started.written);
  const std::set<std::string> after = WithSections(now.written);
  std::set<std::string> changed;
  for (const auto& [place, hash] : now.written) {
    const auto old = started.written.find(place);
    if (old != started.written.end() && old->second == hash) continue;
    const std::string outermost = Outermost(place, before);
    if (!Reloads(place, outermost)) changed.insert(outermost);
  }
  for (const auto& [place, hash] : started.written) {
    if (now.written.count(place) != 0) continue;
    const std::string outermost = Outermost(place, after);
    if (!Reloads(place, outermost)) changed.insert(outermost);
  }
  return {changed.begin(), changed.end()};
}

}  // namespace yingda::config
