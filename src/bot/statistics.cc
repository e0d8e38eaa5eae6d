// SPDX-License-Identifier: MIT
#include "bot/statistics.h"

#include <algorithm>
#include <set>

#include "base/utf8.h"

namespace yingda::bot {
namespace {

constexpr const char* kRoute = "route";
constexpr const char* kRule = "rule";
constexpr const char* kFile = "word_file";
constexpr const char* kTag = "word_tag";
constexpr size_t kLongestName = 512;      // bytes
constexpr size_t kHitsLookedAt = 32;      // of one text
constexpr size_t kCommonQuestions = 100;  // in a report
constexpr std::array kRoutes = {Decision::Route::kEvent,   Decision::Route::kWords, Decision::Route::kRule,
                                Decision::Route::kCommand, Decision::Route::kModel, Decision::Route::kMessageType};

std::string FileOf(const std::string& source) { return source.substr(0, source.rfind(':')); }

int LineOf(const std::string& source) {
  int line = 0;
  for (const char c : source.substr(std::min(source.rfind(':'), source.size() - 1) + 1)) line = line * 10 + (c - '0');
  return line;
}

std::string WordName(filter::Direction direction, filter::Level level, std::string_view of) {
  std::string name = direction == filter::Direction::kInbound ? "in|" : "out|";
  name += filter::ToString(level);
  name += '|';
  name += of;
  return name;
}

WordUse ReadWordName(std::string_view name, uint64_t messages) {
  WordUse use;
  const size_t level = std::min(name.find('|'), name.size());
  const size_t of = std::min(name.find('|', level + 1), name.size());
  use.inbound = name.substr(0, level) == "in";
  use.level = name.substr(std::min(level + 1, name.size()), of - std::min(level + 1, of));
  use.name = name.substr(std::min(of + 1, name.size()));
  use.messages = messages;
  return use;
}

}  // namespace

Statistics::Statistics(Options options, base::Clock& clock)
    : options_(options),
      clock_(clock),
      questions_(Questions{QuestionSketch(options.questions), QuestionSketch(options.questions), clock.WallNow(),
                           clock.WallNow()}),
      day_(base::ChinaDay(clock.WallNow())),
      counts_(DayCounts(options.counts)) {}

std::string Statistics::RuleName(const rules::RuleSet& rules, const Ordinals* ordinals, uint32_t index) {
  std::string name = FileOf(rules.SourceOf(index));
  name += '\n';
  name += base::Utf8Prefix(rules.NameOf(index), kLongestName);
  if (ordinals == nullptr) return name;
  const auto ordinal = ordinals->find(index);
  if (ordinal != ordinals->end()) name += '\n' + std::to_string(ordinal->second);
  return name;
}

Statistics::RuleTable Statistics::TableOf(std::shared_ptr<const rules::RuleSet> rules) {
  RuleTable table;
  if (!rules) return table;
  const auto ordinals = std::make_shared<Ordinals>();
  std::unordered_map<std::string, uint32_t> seen;
  for (uint32_t i = 0; i < rules->size(); ++i) {
    if (const uint32_t before = seen[RuleName(*rules, nullptr, i)]++; before > 0) (*ordinals)[i] = before + 1;
  }
  table.hits.resize(rules->size());
  table.ordinals = ordinals;
  table.rules = std::move(rules);
  return table;
}

void Statistics::OnRulesLoaded(RuleTable table) {
  const size_t rules = table.hits.size();
  rules_.With([&table](RuleTable& now) { std::swap(now, table); });
  AddHits(table);  // while there is still the room that its rules had
  counts_.With([rules](DayCounts& counts) { counts.AllowMoreNames(rules); });
}

void Statistics::Count(const Decision& decision, const wechat::Incoming& message) {
  routes_.at(static_cast<size_t>(decision.route)).fetch_add(1, std::memory_order_relaxed);
  if (decision.rules) CountRule(decision.rules, decision.rule_index);
  if (decision.words) CountWords(*decision.words, decision.found, filter::Direction::kInbound);
  // A rule may hand a message to the model, too; and a default rule answers because no rule was about the message.
  const bool by_default =
      decision.rules && decision.rules->rules()[decision.rule_index].match == rules::MatchKind::kDefault;
  const bool asks = decision.route == Decision::Route::kModel && decision.picture_url.empty();
  if (by_default || (asks && !decision.rules)) CountQuestion(decision, message);
}

void Statistics::CountRule(const std::shared_ptr<const rules::RuleSet>& rules, uint32_t index) {
  const bool counted = rules_.With([&](RuleTable& table) {
    if (table.rules != rules) return false;
    ++table.hits[index];
    table.hit = true;
    return true;
  });
  // Decided by the set before, or by one that nobody has told of yet.
  if (!counted) AddPending(kRule, RuleName(*rules, nullptr, index));
}

void Statistics::CountWords(const filter::WordFilter& words, const filter::Verdict& verdict,
                            filter::Direction direction) {
  // A message counts once for each file and tag, however many of their words it holds.
  std::set<DayCounts::Key> found;
  size_t looked_at = 0;
  for (const filter::WordHit& hit : verdict.hits) {
    if (hit.level == filter::Level::kPass || ++looked_at > kHitsLookedAt) continue;
    const filter::WordInfo info = words.Info(hit.word);
    found.emplace(kFile, WordName(direction, hit.level, info.file));
    for (const std::string& tag : info.tags) found.emplace(kTag, WordName(direction, hit.level, tag));
  }
  for (const auto& [kind, name] : found) AddPending(kind, name);
}

void Statistics::AddPending(const std::string& kind, const std::string& name) {
  pending_.With([&](Pending& pending) {
    const auto at = pending.find({kind, name});
    if (at != pending.end()) {
      ++at->second;
    } else {
      ++pending[{kind, pending.size() < options_.max_pending_names ? name : std::string()}];
    }
  });
}

void Statistics::CountQuestion(const Decision& decision, const wechat::Incoming& message) {
  using wechat::MessageType;
  const bool is_text = message.type == MessageType::kText || message.type == MessageType::kVoice;
  if (!is_text) return;  // a place is somebody's own, and nobody writes the text of a link
  const std::string_view written = message.type == MessageType::kVoice ? message.recognition() : message.content;
  // Words that are masked for the model are no text to keep.
  const std::string_view text =
      decision.question.empty() && decision.found.level < filter::Level::kMask ? written : decision.question;
  const std::string key = QuestionKey(text);
  if (key.empty()) return;
  const base::WallTime now = clock_.WallNow();
  questions_.With([&](Questions& questions) {
    if (now - questions.began >= options_.questions_for) {
      questions.before = std::exchange(questions.now, QuestionSketch(options_.questions));
      questions.before_began = std::exchange(questions.began, now);
    }
    questions.now.Add(key, base::TrimBlanks(text));
  });
}

Statistics::RuleTable Statistics::TakeHits() {
  const size_t size = rules_.With([](const RuleTable& table) { return table.hit ? table.hits.size() : 0; });
  RuleTable taken;
  if (size == 0) return taken;
  taken.hits.resize(size);  // not under the lock: a large set has many
  rules_.With([&taken](RuleTable& table) {
    if (table.hits.size() != taken.hits.size()) {
      taken.hits.clear();  // another set since: what was counted until then was added when it came
      return;
    }
    table.hits.swap(taken.hits);
    table.hit = false;
    taken.rules = table.rules;
    taken.ordinals = table.ordinals;
  });
  return taken;
}

void Statistics::AddHits(const RuleTable& table) {
  std::vector<std::pair<std::string, uint64_t>> hits;
  for (uint32_t i = 0; i < table.hits.size(); ++i) {
    if (table.hits[i] > 0) hits.emplace_back(RuleName(*table.rules, table.ordinals.get(), i), table.hits[i]);
  }
  const int64_t day = day_;
  counts_.With([&](DayCounts& counts) {
    for (const auto& [name, count] : hits) counts.Add(day, kRule, name, count);
  });
}

void Statistics::Collect() {
  AddHits(TakeHits());
  std::array<uint64_t, kRoutes.size()> routes{};
  for (size_t i = 0; i < kRoutes.size(); ++i) routes.at(i) = routes_.at(i).exchange(0, std::memory_order_relaxed);
  const Pending pending = pending_.With([](Pending& now) { return std::exchange(now, {}); });
  const int64_t today = base::ChinaDay(clock_.WallNow());
  const int64_t day = day_.exchange(today);
  counts_.With([&](DayCounts& counts) {
    for (size_t i = 0; i < kRoutes.size(); ++i) {
      if (routes.at(i) > 0) counts.Add(day, kRoute, ToString(kRoutes.at(i)), routes.at(i));
    }
    for (const auto& [key, count] : pending) counts.Add(day, key.first, key.second, count);
    counts.DropOld(today);
  });
}

std::vector<store::DayCount> Statistics::TakeUnwritten(const std::string& account, size_t limit) {
  return counts_.With([&](DayCounts& counts) { return counts.TakeUnwritten(account, limit); });
}

void Statistics::PutBack(const std::vector<store::DayCount>& unwritten) {
  counts_.With([&](DayCounts& counts) { counts.PutBack(unwritten); });
}

void Statistics::Recover(const std::vector<store::DayCount>& stored) {
  counts_.With([&](DayCounts& counts) {
    for (const store::DayCount& count : stored) counts.Recover(count);
    counts.DropOld(day_);
  });
}

StatisticsReport Statistics::Report(int days) {
  Collect();
  StatisticsReport report;
  report.last_day = base::ChinaDay(clock_.WallNow());
  report.first_day = report.last_day - std::clamp(days, 1, options_.counts.days) + 1;
  const std::vector<DayCounts::Sum> sums = counts_.With([&report](const DayCounts& counts) {
    const int64_t known = counts.FirstDay() == 0 ? report.last_day : counts.FirstDay();
    report.first_day = std::max(report.first_day, known);
    return counts.Sums(report.first_day, report.last_day);
  });
  for (const Decision::Route route : kRoutes) report.messages.emplace_back(ToString(route), 0);
  for (const DayCounts::Sum& sum : sums) {
    const auto& [kind, name] = *sum.key;
    if (kind == kFile) report.files.push_back(ReadWordName(name, sum.count));
    if (kind == kTag) report.tags.push_back(ReadWordName(name, sum.count));
    for (auto& [route, messages] : report.messages) {
      if (kind == kRoute && name == route) messages = sum.count;
    }
  }
  const auto more = [](const auto& a, const auto& b) {
    return a.messages != b.messages ? a.messages > b.messages : a.name < b.name;
  };
  std::sort(report.files.begin(), report.files.end(), more);
  std::sort(report.tags.begin(), report.tags.end(), more);
  AddRules(sums, report);
  AddQuestions(report);
  return report;
}

void Statistics::AddRules(const std::vector<DayCounts::Sum>& sums, StatisticsReport& report) const {
  const auto [rules, ordinals] =
      rules_.With([](const RuleTable& table) { return std::pair(table.rules, table.ordinals); });
  std::unordered_map<std::string_view, const DayCounts::Sum*> left;  // by the rule's name
  for (const DayCounts::Sum& sum : sums) {
    if (sum.key->first == kRule) left.emplace(sum.key->second, &sum);
  }
  for (uint32_t i = 0; rules && i < rules->size(); ++i) {
    const auto counted = left.find(RuleName(*rules, ordinals.get(), i));
    const uint64_t messages = counted == left.end() ? 0 : counted->second->count;
    const std::string source = rules->SourceOf(i);
    (messages > 0 ? report.rules : report.never)
        .push_back({rules->NameOf(i), FileOf(source), LineOf(source), messages});
    if (counted != left.end()) left.erase(counted);
  }
  for (const auto& [of, sum] : left) {
    const size_t file = std::min(of.find('\n'), of.size());
    if (file == of.size()) {
      report.by_unnamed_rules += sum->count;
      continue;
    }
    report.by_gone_rules += sum->count - sum->last_day;
    if (sum->last_day == 0) continue;
    const size_t end = of.find('\n', file + 1);
    report.rules.push_back(
        {std::string(of.substr(file + 1, end - file - 1)), std::string(of.substr(0, file)), 0, sum->last_day});
  }
  std::stable_sort(report.rules.begin(), report.rules.end(), [](const RuleUse& a, const RuleUse& b) {
    return a.messages != b.messages ? a.messages > b.messages : a.line > 0 && b.line == 0;
  });
}

void Statistics::AddQuestions(StatisticsReport& report) {
  report.keeps_texts = options_.questions.keep_texts;
  auto [top, before] = questions_.With([&report](const Questions& questions) {
    report.questions_since = questions.before_began;
    report.questions = questions.now.Asked() + questions.before.Asked();
    report.repeated_questions = questions.now.Repeats() + questions.before.Repeats();
    return std::pair(questions.now.Top(kCommonQuestions), questions.before.Top(kCommonQuestions));
  });
  if (!report.keeps_texts) before.clear();  // nothing to know an earlier one by
  for (CommonQuestion& question : before) {
    const auto same =
        std::find_if(top.begin(), top.end(), [&](const auto& each) { return each.text == question.text; });
    if (same == top.end()) {
      top.push_back(std::move(question));
    } else {
      same->at_least += question.at_least;
      same->at_most += question.at_most;
    }
  }
  std::stable_sort(top.begin(), top.end(), [](const auto& a, const auto& b) { return a.at_least > b.at_least; });
  if (top.size() > kCommonQuestions) top.resize(kCommonQuestions);
  report.common_questions = std::move(top);
}

}  // namespace yingda::bot
