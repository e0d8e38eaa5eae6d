// SPDX-License-Identifier: MIT
#include "app/reload_work.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "config/reload_section.h"

namespace yingda::app {
namespace {

/// Has it to be loaded? Else says why not.
ReloadEnd Look(const ReloadJob& job, const FileStamps& now, const FileStamps& tried, const FileStamps& seen) {
  if (job.all) return ReloadEnd::kLoaded;
  if (now.SameAs(tried)) return ReloadEnd::kNothing;
  const bool moving = !job.settled && !job.any_time && !now.SameAs(seen);
  return moving ? ReloadEnd::kWaits : ReloadEnd::kLoaded;
}

/// A set that has lost everything is more often a folder that is not mounted, or was cleared by mistake, than a wish.
std::string Emptied(const AccountSource& source, const AccountData& data) {
  std::string what;
  std::vector<std::string> folders;
  if (source.rules > 0 && data.rule_count == 0) {
    what = "关键词规则（原来有 " + std::to_string(source.rules) + " 条）";
    folders = source.config.rules;
  }
  if (source.words > 0 && data.word_count == 0) {
    what += (what.empty() ? "" : "和") + std::string("敏感词（原来有 ") + std::to_string(source.words) + " 个）";
    folders.push_back(source.config.filters);
  }
  if (what.empty()) return what;
  std::string where;
  for (const std::string& folder : folders) where += (where.empty() ? "" : "、") + folder;
  return where + "：" + what + "一下子全没有了，所以没有换上。请检查这里的文件；真的不要了，就运行 kill -HUP " +
         std::to_string(::getpid()) + " 或者重启";
}

ConfigOutcome LookAtConfig(const ReloadJob& job, base::Clock& clock) {
  ConfigOutcome outcome;
  outcome.stamps = StampsOf({job.config_file});
  outcome.end = Look(job, outcome.stamps, job.config_tried, job.config_seen);
  if (outcome.end != ReloadEnd::kLoaded) return outcome;
  const base::TimePoint began = clock.Now();
  auto config = config::Load(job.config_file, job.environment);
  outcome.took = clock.Now() - began;
  if (!job.any_time && StampsOf({job.config_file}).lines != outcome.stamps.lines) {
    outcome.end = ReloadEnd::kWaits;
  } else if (config) {
    outcome.config = *std::move(config);
  } else {
    outcome.end = ReloadEnd::kFailed;
    outcome.error = config.error().message;
  }
  return outcome;
}

AccountOutcome LookAtAccount(const ReloadJob& job, const AccountSource& source, const config::Config* fresh,
                             base::Clock& clock) {
  AccountOutcome outcome;
  const std::vector<std::string> places = PlacesOf(source.config);
  outcome.stamps = StampsOf(places);
  outcome.end = Look(job, outcome.stamps, source.tried, source.seen);
  // The account's own options say how its files are read.
  if (outcome.end == ReloadEnd::kNothing && fresh != nullptr) outcome.end = ReloadEnd::kLoaded;
  if (outcome.end != ReloadEnd::kLoaded) return outcome;
  config::AccountConfig config = source.config;
  if (fresh != nullptr) {
    for (const config::AccountConfig& account : fresh->accounts) {
      if (account.name == config.name) config::TakeReloadable(account, config);
    }
  }
  const base::TimePoint began = clock.Now();
  base::Result<AccountData> data = LoadAccountData(config);
  outcome.took = clock.Now() - began;
  if (!job.any_time && StampsOf(places).lines != outcome.stamps.lines) {
    outcome.end = ReloadEnd::kWaits;  // half of it may be of before and half of after
    return outcome;
  }
  if (!data) {
    outcome.error = data.error().message;
  } else if (!job.all) {
    outcome.error = Emptied(source, *data);
  }
  outcome.end = outcome.error.empty() ? ReloadEnd::kLoaded : ReloadEnd::kFailed;
  if (outcome.error.empty()) {
    outcome.counts = bot::Statistics::TableOf(data->files.rules);
    outcome.data = *std::move(data);
  }
  return outcome;
}

}  // namespace

std::vector<std::string> PlacesOf(const config::AccountConfig& account) {
  std::vector<std::string> places = account.rules;
  for (const char* const list : {"deny", "allow"}) {
    places.push_back((std::filesystem::path(account.filters) / list).string());
  }
  return places;
}

ReloadOutcome RunReload(ReloadJob job, base::Clock& clock) {
  ReloadOutcome outcome;
  // Whoever still reads in it lets go of it soon; nobody else can take hold of it any more.
  std::erase_if(job.old, [](const std::shared_ptr<const void>& set) { return set.use_count() == 1; });
  outcome.old = std::move(job.old);
  outcome.config = LookAtConfig(job, clock);
  const config::Config* const fresh = outcome.config.config ? &*outcome.config.config : nullptr;
  for (const AccountSource& source : job.accounts) {
    outcome.accounts.push_back(LookAtAccount(job, source, fresh, clock));
  }
  return outcome;
}

void GiveWay() {
  // Not SCHED_IDLE: on a machine that is busy all the time an edit would wait for minutes. At this
  // niceness it gets about a third of what each busy thread gets, and is preempted by whoever wakes.
  constexpr int kNiceness = 5;
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_BATCH, &none);
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness);
}

}  // namespace yingda::app
