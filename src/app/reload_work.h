// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/account_data.h"
#include "app/file_stamp.h"
#include "base/clock.h"
#include "base/result.h"
#include "bot/statistics.h"
#include "config/config.h"

namespace yingda::app {

/// What is known of one account's files, and what they are read with.
struct AccountSource {
  config::AccountConfig config;
  FileStamps tried;  // of the last load, good or not
  FileStamps seen;   // of the last look
  size_t rules = 0;  // in force
  size_t words = 0;
};

/// Something to look at and, where it differs, to load. A value: nothing in it is shared with the serving side.
struct ReloadJob {
  std::string config_file;
  config::Environment environment;
  FileStamps config_tried;
  FileStamps config_seen;
  std::vector<AccountSource> accounts;
  bool all = false;       // load all of it, and take it although everything in it is gone
  bool settled = true;    // else what differs must look the same twice
  bool any_time = false;  // take also what changed while it was read: it has been changing for long
  std::vector<std::shared_ptr<const void>> old;  // to be freed once nobody else holds it
};

/// What came of one account's files or of config.yml.
enum class ReloadEnd {
  kNothing,  // as it was
  kWaits,    // in the middle of a change: look again soon
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
  FileStamps stamps;
  std::optional<AccountData> data;
  bot::Statistics::RuleTable counts;  // of the data's rules
  std::string error;  // a line for each mistake
  base::Duration took{};
};

struct ReloadOutcome {
  ConfigOutcome config;
  std::vector<AccountOutcome> accounts;  // in the job's order
  std::vector<std::shared_ptr<const void>> old;
};

/// Does the job: reads, builds, and frees what is old. Touches nothing that the serving side holds locks for. Blocks,
/// for as long as the files take: 100,000 rules and 100,000 words about a second.
ReloadOutcome RunReload(ReloadJob job, base::Clock& clock);

/// Where an account's rules and words are.
std::vector<std::string> PlacesOf(const config::AccountConfig& account);

/// The calling thread gives way to whoever serves. Cannot be taken back without rights, so for a thread that ends.
void GiveWay();

}  // namespace yingda::app
