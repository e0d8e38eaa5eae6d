// SPDX-License-Identifier: MIT
#include "app/reload_work.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "config/reload_section.h"

namespace yingda::app {
namespace {

using SteadyClock = std::chrono::steady_clock;  // not the injected clock, which may be gone when a disk comes back

/// Has it to be loaded? Else says why not.
ReloadEnd Look(const ReloadJob& job, const FileStamps& now, const SourceState& state) {
  if (!state.forced && now.SameAs(state.tried)) return ReloadEnd::kNothing;
  if (job.any_time) return ReloadEnd::kLoaded;
  if (state.moving) return ReloadEnd::kWaits;
  const bool rests = !now.fresh && now.lines == state.seen.lines && job.now - state.seen_since >= kRest;
  const bool settled = job.settled && !state.unwatched;
  return settled || state.forced || rests ? ReloadEnd::kLoaded : ReloadEnd::kWaits;
}

std::vector<std::string> WordPlacesOf(const config::AccountConfig& account) {
  std::vector<std::string> places;
  for (const char* const list : {"deny", "allow"}) {
    places.push_back((std::filesystem::path(account.filters) / list).string());
  }
  return places;
}

/// What is as it was when it was last read needs no reading: whoever edits a rule does not wait for the words.
KeptData KeptOf(const AccountSource& source, const AccountStamps& now) {
  KeptData kept = source.in_force;
  if (!now.rules.SameAs(source.of_force.rules)) kept.files.rules = nullptr;
  if (!now.words.SameAs(source.of_force.words)) kept.files.words = nullptr;
  return kept;
}

/// A set that has lost everything is more often a folder that is not mounted, or was cleared by mistake, than a wish.
std::string Emptied(const AccountSource& source, const AccountData& data) {
  std::string what;
  std::vector<std::string> folders;
  if (source.in_force.rule_count > 0 && data.rule_count == 0) {
    what = "关键词规则（原来有 " + std::to_string(source.in_force.rule_count) + " 条）";
    folders = source.config.rules;
  }
  if (source.in_force.word_count > 0 && data.word_count == 0) {
    what += (what.empty() ? "" : "和") + std::string("敏感词（原来有 ") + std::to_string(source.in_force.word_count) +
            " 个）";
    folders.push_back(source.config.filters);
  }
  if (what.empty()) return what;
  std::string where;
  for (const std::string& folder : folders) where += (where.empty() ? "" : "、") + folder;
  return where + "：" + what + "一下子全没有了，所以没有换上。请检查这里的文件；真的不要了，就运行 kill -HUP " +
         std::to_string(::getpid()) + " 或者重启";
}

ConfigOutcome LookAtConfig(const ReloadJob& job) {
  ConfigOutcome outcome;
  std::error_code error;
  // A pipe that the server was started with has nothing more to say, and would keep us waiting for it.
  const bool is_file = !job.config_file.empty() && (std::filesystem::is_regular_file(job.config_file, error) ||
                                                    !std::filesystem::exists(job.config_file, error));
  if (!is_file) return outcome;
  outcome.stamps = StampsOf({job.config_file});
  outcome.end = Look(job, outcome.stamps, job.config);
  if (outcome.end != ReloadEnd::kLoaded) return outcome;
  const auto began = SteadyClock::now();
  auto config = config::Load(job.config_file, job.environment);
  outcome.took = SteadyClock::now() - began;
  // Half of what was read may be of before a change and half of after it. The next look compares with this one.
  FileStamps after = StampsOf({job.config_file});
  if (!job.any_time && after.lines != outcome.stamps.lines) {
    outcome.stamps = std::move(after);
    outcome.end = ReloadEnd::kWaits;
  } else if (!config) {
    outcome.end = ReloadEnd::kFailed;
    outcome.error = config.error().message;
  } else if (!job.config.forced && config->written == *job.written) {
    outcome.end = ReloadEnd::kSame;
  } else {
    outcome.config = *std::move(config);
  }
  return outcome;
}

AccountOutcome LookAtAccount(const ReloadJob& job, const AccountSource& source, const config::Config* fresh) {
  AccountOutcome outcome;
  outcome.stamps = StampsOfAccount(source.config);
  outcome.end = Look(job, outcome.stamps.Both(), source.state);
  // The account's own options say how its files are read.
  if (outcome.end == ReloadEnd::kNothing && fresh != nullptr) outcome.end = ReloadEnd::kLoaded;
  if (outcome.end != ReloadEnd::kLoaded) return outcome;
  config::AccountConfig config = source.config;
  if (fresh != nullptr) {
    for (const config::AccountConfig& account : fresh->accounts) {
      if (account.name == config.name) config::TakeReloadable(account, config);
    }
  }
  const auto began = SteadyClock::now();
  const bool whole = fresh != nullptr || source.state.forced;
  const KeptData kept = whole ? KeptData() : KeptOf(source, outcome.stamps);
  const rules::RuleSet* const before = whole ? nullptr : source.in_force.files.rules.get();
  base::Result<AccountData> data = LoadAccountData(config, kept, before);
  outcome.took = SteadyClock::now() - began;
  AccountStamps after = StampsOfAccount(source.config);
  if (!job.any_time && after.Both().lines != outcome.stamps.Both().lines) {
    outcome.stamps = std::move(after);
    outcome.end = ReloadEnd::kWaits;
    return outcome;
  }
  if (!data) {
    outcome.error = data.error().message;
  } else if (!source.state.forced) {
    outcome.error = Emptied(source, *data);
  }
  outcome.end = outcome.error.empty() ? ReloadEnd::kLoaded : ReloadEnd::kFailed;
  if (outcome.error.empty()) {
    if (!kept.files.rules) outcome.counts = bot::Statistics::TableOf(data->files.rules);
    outcome.data = *std::move(data);
  }
  return outcome;
}

}  // namespace

FileStamps AccountStamps::Both() const {
  FileStamps both = rules;
  both.lines.insert(both.lines.end(), words.lines.begin(), words.lines.end());
  both.fresh = rules.fresh || words.fresh;
  return both;
}

AccountStamps StampsOfAccount(const config::AccountConfig& account) {
  return {StampsOf(account.rules), StampsOf(WordPlacesOf(account))};
}

std::vector<std::string> PlacesOf(const config::AccountConfig& account) {
  std::vector<std::string> places = account.rules;
  for (std::string& place : WordPlacesOf(account)) places.push_back(std::move(place));
  return places;
}

ReloadOutcome RunReload(ReloadJob job) {
  ReloadOutcome outcome;
  // Whoever still reads in it lets go of it soon; nobody else can take hold of it any more.
  std::erase_if(job.old, [](const std::shared_ptr<const void>& set) { return set.use_count() == 1; });
  outcome.old = std::move(job.old);
  if (outcome.old.size() > kMaxOld) outcome.old.erase(outcome.old.begin(), outcome.old.end() - kMaxOld);
  outcome.looked = job.look;
  if (!job.look) return outcome;
  // First, so that whatever comes after the look is told.
  outcome.watch = AskKernel(job.watch);
  outcome.config = LookAtConfig(job);
  const config::Config* const fresh = outcome.config.config ? &*outcome.config.config : nullptr;
  size_t place = 1;  // after the configuration's
  for (AccountSource& source : job.accounts) {
    const auto first = outcome.watch.unwatched.lower_bound(place);
    place += PlacesOf(source.config).size();
    source.state.unwatched = first != outcome.watch.unwatched.end() && *first < place;
    outcome.accounts.push_back(LookAtAccount(job, source, fresh));
  }
  return outcome;
}

}  // namespace yingda::app
