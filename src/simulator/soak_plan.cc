// SPDX-License-Identifier: MIT
#include "simulator/soak_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <random>

namespace yingda::simulator {
namespace {

constexpr std::array kTopics = {"怎么挑选合适的雨伞", "早上跑步要注意什么",   "怎样把房间收拾整齐",
                                "春天适合种什么花",   "怎么做一碗好吃的面条", "怎样学会游泳"};
constexpr std::array kFillers = {"先从简单的地方做起", "每天坚持一点点就会有变化", "不要着急，慢慢来",
                                 "可以请有经验的人帮忙看看", "做完之后再检查一遍"};
constexpr int kTries = 3;

enum class Purpose : uint64_t { kLatency = 1, kLength, kFaults, kWords };

/// Random numbers that depend on what they are for and on nothing that was drawn before.
std::mt19937_64 Random(uint64_t seed, Purpose purpose, uint64_t a, uint64_t b) {
  std::seed_seq sequence{seed, seed >> 32, static_cast<uint64_t>(purpose), a, b};
  return std::mt19937_64(sequence);
}

double Between(std::mt19937_64& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

std::string QuestionName(SoakQuestion question) {
  return "Q" + std::to_string(question.follower) + "x" + std::to_string(question.number);
}

/// Reads `prefix` and a number from the front of `text`.
bool TakeNumber(std::string_view& text, char prefix, size_t& number) {
  if (text.empty() || text.front() != prefix) return false;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool TakeQuestion(std::string_view& text, SoakQuestion& question) {
  return TakeNumber(text, 'Q', question.follower) && TakeNumber(text, 'x', question.number);
}

}  // namespace

base::Duration SoakPlan::OnGrid(base::Duration duration) {
  return std::max<int64_t>((duration + kStep) / (2 * kStep), 1) * (2 * kStep);
}

size_t SoakPlan::Sentences(SoakQuestion question) const {
  auto random = Random(options_.seed, Purpose::kLength, question.follower, question.number);
  const double kind = Between(random, 0, 1);
  if (kind < 0.7) return static_cast<size_t>(Between(random, 1, 7));
  if (kind < 0.9) return static_cast<size_t>(Between(random, 10, 25));
  return static_cast<size_t>(Between(random, 30, 110));  // up to some 9 KB
}

std::string SoakPlan::QuestionText(SoakQuestion question) const {
  auto random = Random(options_.seed, Purpose::kWords, question.follower, question.number);
  return QuestionName(question) + "号问题，请问" + kTopics.at(random() % kTopics.size()) + "？";
}

std::optional<SoakQuestion> SoakPlan::QuestionIn(std::string_view text) {
  SoakQuestion question;
  if (TakeQuestion(text, question) && text.starts_with("号问题")) return question;
  return std::nullopt;
}

std::string SoakPlan::AnswerText(SoakQuestion question, size_t call) const {
  const std::string name = QuestionName(question) + "c" + std::to_string(call) + "p";
  auto random = Random(options_.seed, Purpose::kWords, question.follower, question.number);
  std::string text;
  const size_t sentences = Sentences(question);
  for (size_t i = 0; i < sentences; ++i) {
    text += "第" + std::to_string(i + 1) + "点" + name + std::to_string(2 * i) + "e：";
    text += kFillers.at(random() % kFillers.size());
    text += "，" + name + std::to_string(2 * i + 1) + "e。";
    if (i % 8 == 7) text += "\n\n";
  }
  return text;
}

base::Duration SoakPlan::Latency(SoakQuestion question) const {
  auto random = Random(options_.seed, Purpose::kLatency, question.follower, question.number);
  const double low = std::log(std::chrono::duration<double>(options_.shortest_answer).count());
  const double high = std::log(std::chrono::duration<double>(options_.longest_answer).count());
  const auto exact = std::chrono::duration<double>(std::exp(Between(random, low, high)));
  return OnGrid(std::chrono::duration_cast<base::Duration>(exact));
}

std::vector<SoakPiece> SoakPlan::PiecesIn(std::string_view text) {
  std::vector<SoakPiece> pieces;
  for (size_t at = text.find('Q'); at != std::string_view::npos; at = text.find('Q', at + 1)) {
    std::string_view rest = text.substr(at);
    SoakPiece piece;
    const bool whole = TakeQuestion(rest, piece.question) && TakeNumber(rest, 'c', piece.call) &&
                       TakeNumber(rest, 'p', piece.piece) && rest.starts_with('e');
    if (whole) pieces.push_back(piece);
  }
  return pieces;
}

Faults SoakPlan::FaultsOf(size_t follower, size_t message) const {
  auto random = Random(options_.seed, Purpose::kFaults, follower, message);
  Faults faults;
  for (int number = 1; number <= kTries; ++number) {
    if (Between(random, 0, 1) >= options_.reply_loss) continue;
    if (Between(random, 0, 1) < 0.67) {
      faults.on_try[number].lose_reply = true;
    } else {
      const auto after = std::chrono::milliseconds(static_cast<int>(Between(random, 200, 4'600)));
      faults.on_try[number].hang_up_after = OnGrid(after) + kStep;
    }
  }
  if (Between(random, 0, 1) < options_.duplicate_pushes) faults.on_try[1].duplicate = true;
  return faults;
}

}  // namespace yingda::simulator
