// SPDX-License-Identifier: MIT
#include "app/simulate_summary.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace yingda::app {
namespace {

using simulator::SoakWay;

constexpr size_t kShownNames = 5;

int Seconds(base::Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

std::string MinutesAndSeconds(base::Duration duration) {
  const int seconds = Seconds(duration);
  return std::to_string(seconds / 60) + ":" + (seconds % 60 < 10 ? "0" : "") + std::to_string(seconds % 60);
}

std::string Line(const std::string& name, size_t count, const std::string& note = {}) {
  std::string line = "  " + name;
  // Chinese characters are two columns wide and three bytes long; two of them occur, or none.
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return c > 0; });
  const size_t columns = ascii ? name.size() : name.size() - 2;
  line += std::string(columns < 44 ? 44 - columns : 1, ' ');
  const std::string digits = std::to_string(count);
  line += std::string(digits.size() < 8 ? 8 - digits.size() : 0, ' ') + digits;
  return line + (note.empty() ? "" : "  " + note) + "\n";
}

std::string Must(const std::string& name, size_t count, const std::string& note = {}) {
  return Line(name, count, count == 0 ? "" : "MUST BE 0 " + note);
}

std::string Names(const std::vector<simulator::SoakQuestion>& questions) {
  std::string names;
  for (size_t i = 0; i < questions.size() && i < kShownNames; ++i) {
    names += " Q" + std::to_string(questions[i].follower) + "x" + std::to_string(questions[i].number);
  }
  return names + (questions.size() > kShownNames ? " …" : "");
}

}  // namespace

std::string SummaryText(const simulator::Soak::Options& options, const simulator::Soak::Report& report) {
  const simulator::SoakVerdict& verdict = report.verdict;
  const simulator::SoakIncidents& incidents = report.incidents;
  std::string text = std::to_string(options.followers) + " followers, " + MinutesAndSeconds(options.duration) +
                     " minutes of asking, " + MinutesAndSeconds(report.played) + " in all, seed " +
                     std::to_string(options.plan.seed) + "\n";
  text += Line("messages", incidents.messages);
  text += Line("pushes", incidents.pushes);
  text += Line("kills", static_cast<size_t>(report.kills));
  text += Line("keyword messages answered", incidents.keyword_messages);
  text += Line("customer-service messages", report.customer_messages);
  text += Line("questions", verdict.asked);
  text += Line("  taken by no server (it was down)", verdict.not_accepted);
  text += Line("  refused in words", verdict.refused);
  text += Line("  accepted", verdict.accepted);
  for (size_t way = 0; way < verdict.delivered.size(); ++way) {
    text += Line(std::string("    whole ") + ToString(static_cast<SoakWay>(way)), verdict.delivered[way]);
  }
  text += Line("    written to the last try, lost after it", verdict.lost_on_the_wire,
               verdict.lost_on_the_wire > 0 ? "no server could know" : "");
  text += Must("    lost", verdict.lost.size(), Names(verdict.lost));
  text += Must("  delivered twice", verdict.twice.size(), Names(verdict.twice));
  text += Line("  again on demand, after a kill amid delivery", verdict.twice_around_a_kill);
  text += Line("  again on 继续, after a last try", verdict.again_on_continue,
               verdict.again_on_continue > 0 ? "which nobody confirms" : "");
  text += Must("  shown to another follower", verdict.foreign.size(), Names(verdict.foreign));
  text += Line("model calls", verdict.model_calls);
  text += Line("  again because of a kill", verdict.repeated_calls);
  text += Must("  questions with calls that no kill explains", verdict.extra_calls.size(), Names(verdict.extra_calls));
  text += Must("wrong keyword replies", incidents.wrong_keyword_replies, incidents.example);
  text += Line("answer pages read", incidents.pages_read);
  text += Must("answer pages that were not served", incidents.bad_pages, incidents.example);
  text += Must("replies that WeChat would not accept", incidents.bad_replies, incidents.example);
  text += Must("messages whose tries got different replies", incidents.unequal_replies, incidents.example);
  if (!report.drained) text += "  answers were still open when the run was given up\n";
  return text + (report.Good() ? "good\n" : "BAD\n");
}

std::string SummaryJson(const simulator::Soak::Options& options, const simulator::Soak::Report& report) {
  const simulator::SoakVerdict& verdict = report.verdict;
  const simulator::SoakIncidents& incidents = report.incidents;
  constexpr const char* kWays[] = {"try1", "try2", "try3", "continue", "again", "later", "push", "page"};
  nlohmann::ordered_json delivered;
  for (size_t way = 0; way < verdict.delivered.size(); ++way) delivered[kWays[way]] = verdict.delivered[way];
  const nlohmann::ordered_json json = {{"good", report.Good()},
                                       {"followers", options.followers},
                                       {"seed", options.plan.seed},
                                       {"asking_seconds", Seconds(options.duration)},
                                       {"played_seconds", Seconds(report.played)},
                                       {"drained", report.drained},
                                       {"messages", incidents.messages},
                                       {"pushes", incidents.pushes},
                                       {"kills", report.kills},
                                       {"keyword_messages", incidents.keyword_messages},
                                       {"customer_messages", report.customer_messages},
                                       {"questions", verdict.asked},
                                       {"not_accepted", verdict.not_accepted},
                                       {"refused", verdict.refused},
                                       {"accepted", verdict.accepted},
                                       {"delivered", delivered},
                                       {"lost_on_the_wire", verdict.lost_on_the_wire},
                                       {"lost", verdict.lost.size()},
                                       {"twice", verdict.twice.size()},
                                       {"twice_around_a_kill", verdict.twice_around_a_kill},
                                       {"again_on_continue", verdict.again_on_continue},
                                       {"foreign", verdict.foreign.size()},
                                       {"model_calls", verdict.model_calls},
                                       {"repeated_calls", verdict.repeated_calls},
                                       {"unexplained_calls", verdict.extra_calls.size()},
                                       {"wrong_keyword_replies", incidents.wrong_keyword_replies},
                                       {"pages_read", incidents.pages_read},
                                       {"bad_pages", incidents.bad_pages},
                                       {"bad_replies", incidents.bad_replies},
                                       {"unequal_replies", incidents.unequal_replies}};
  return json.dump() + "\n";
}

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) != 0) {}

void ProgressLine::Show(const simulator::Soak::Progress& progress) {
  if (!terminal_ && progress.played < next_) return;
  next_ = progress.played + std::chrono::minutes(1);
  const std::string of = progress.of > base::Duration::zero() ? " of " + MinutesAndSeconds(progress.of) : " (the rest)";
  std::fprintf(stderr, "%s%s%s  asked %zu  answered %zu  in work %zu  kills %d   %s", terminal_ ? "\r" : "",
               MinutesAndSeconds(progress.played).c_str(), of.c_str(), progress.asked, progress.answered, progress.jobs,
               progress.kills, terminal_ ? "" : "\n");
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::End() {
  if (terminal_ && shown_) std::fputs("\n", stderr);
}

}  // namespace yingda::app
