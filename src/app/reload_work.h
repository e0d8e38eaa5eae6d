// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/account_data.h"
#include "app/file_stamp.h"
#include "app/kernel_watch.h"
#include "base/clock.h"
#include "base/result.h"
#include "bot/statistics.h"
#include "config/config.h"

namespace yingda::app {

/// A shorter rest than this says nothing about whether a file is whole.
inline constexpr base::Duration kRest = std::chrono::milliseconds(200);

/// What is known of some files that are loaded together.
struct SourceState {
  FileStamps tried;              // of the last load, good or not
  FileStamps seen;               // of the last look
  base::TimePoint seen_since{};  // that they look like this
  bool forced = false;           // load it, changed or not, and take it although everything in it is gone
  bool moving = false;           // somebody is just writing into it
  bool unwatched = false;        // so that nobody knows whether somebody is
};

/// An account's files, by what they hold.
struct AccountStamps {
  FileStamps rules;
  FileStamps words;

  FileStamps Both() const;
};

struct AccountSource {
  config::AccountConfig config;  // what its files are read with
  SourceState state;
  KeptData in_force;       // rules and words that may be kept, and how many are in force
  AccountStamps of_force;  // the files that they were read from
};

/// Something to look at and, where it differs, to load. A value: it shares only what is in force, which nobody changes,
/// with the serving side, and it outlives the server when a disk hangs.
struct ReloadJob {
  bool look = false;  // else only frees
  WatchRequest watch;
  std::string config_file;  // empty: none
  config::Environment environment;
  SourceState config;
  std::shared_ptr<const std::map<std::string, size_t>> written;  // what is in force of it
  std::vector<AccountSource> accounts;
  base::TimePoint now{};
  bool settled = false;                          // else what differs must look the same twice, kRest apart
  bool any_time = false;                         // take also what is in the middle of a change: it has been for long
  std::vector<std::shared_ptr<const void>> old;  // to be freed once nobody else holds it
};

/// What came of one account's files or of config.yml.
enum class ReloadEnd {
  kNothing,  // as it was
  kWaits,    // in the middle of a change: look again soon
  kSame,     // config.yml was written, and says what it said
  kLoaded,
  kFailed,
};

struct ConfigOutcome {
  ReloadEnd end = ReloadEnd::kNothing;
  FileStamps stamps;
  std::optional<config::Config> config;
  std::string error;  // as config::Load tells it
  base::Duration took{};
};

struct AccountOutcome {
  ReloadEnd end = ReloadEnd::kNothing;
  AccountStamps stamps;
  std::optional<AccountData> data;
  bot::Statistics::RuleTable counts;  // of the data's rules
  std::string error;                  // a line for each mistake
  base::Duration took{};
};

struct ReloadOutcome {
  bool looked = false;
  WatchAnswer watch;
  ConfigOutcome config;
  std::vector<AccountOutcome> accounts;  // in the job's order
  std::vector<std::shared_ptr<const void>> old;
};

/// Sets that somebody still reads in; beyond, the oldest are left to their last reader.
inline constexpr size_t kMaxOld = 256;

/// Does the job: reads, builds, and frees what is old. Touches nothing that the serving side holds locks for. Blocks,
/// for as long as the files take: 100,000 rules and 100,000 words about a second, after an edit of one rule a quarter.
ReloadOutcome RunReload(ReloadJob job);

/// Blocks on the disk, as StampsOf does.
AccountStamps StampsOfAccount(const config::AccountConfig& account);

/// Where an account's rules and words are.
std::vector<std::string> PlacesOf(const config::AccountConfig& account);

}  // namespace yingda::app
