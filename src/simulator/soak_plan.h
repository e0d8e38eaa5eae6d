// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "simulator/push_outcome.h"

namespace yingda::simulator {

/// One question of a soak run: the n-th of a follower, both from 0.
struct SoakQuestion {
  size_t follower = 0;
  size_t number = 0;
  auto operator<=>(const SoakQuestion&) const = default;
};

/// One mark in an answer's text. Each sentence begins and ends with one, so that what a follower has seen can be told
/// piece by piece, from which question and from which model call.
struct SoakPiece {
  SoakQuestion question;
  size_t call = 0;   // the model's n-th answer to this question, from 1
  size_t piece = 0;  // from 0
  auto operator<=>(const SoakPiece&) const = default;
};

/// What is asked and answered in a soak run; all of it follows from the seed. Pure, so thread-safe.
class SoakPlan {
 public:
  struct Options {
    uint64_t seed = 1;
    base::Duration shortest_answer = std::chrono::milliseconds(500);  // of the model, to its last token
    base::Duration longest_answer = std::chrono::minutes(10);         // between them evenly by orders of magnitude
    double reply_loss = 0.05;        // of tries whose reply is lost, or whose client leaves early
    double duplicate_pushes = 0.02;  // of messages
  };

  explicit SoakPlan(Options options) : options_(options) {}

  std::string QuestionText(SoakQuestion question) const;
  /// The question that a text asks, if it is one of ours.
  static std::optional<SoakQuestion> QuestionIn(std::string_view text);
  /// The model's n-th answer; each answer to one question has as many pieces.
  std::string AnswerText(SoakQuestion question, size_t call) const;
  size_t Pieces(SoakQuestion question) const { return 2 * Sentences(question); }
  base::Duration Latency(SoakQuestion question) const;
  /// Every whole mark in a text, in its order.
  static std::vector<SoakPiece> PiecesIn(std::string_view text);

  /// What goes wrong with the n-th message of a follower.
  Faults FaultsOf(size_t follower, size_t message) const;

  /// The run's clock moves in such steps. What followers, model and server do falls on even ones, clients that leave
  /// early on odd ones: a reply that is written in the very moment in which its reader leaves is lost without anyone
  /// knowing, and would hide what a run is to find.
  static constexpr base::Duration kStep = std::chrono::milliseconds(125);
  /// The nearest even step, and not zero.
  static base::Duration OnGrid(base::Duration duration);

  const Options& options() const { return options_; }

 private:
  size_t Sentences(SoakQuestion question) const;

  const Options options_;
};

}  // namespace yingda::simulator
