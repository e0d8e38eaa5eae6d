// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "base/metrics.h"
#include "bot/answer_desk.h"
#include "bot/word_log.h"

namespace yingda::bot {

/// The desk's metrics, looked up once, and what it says of words in answers.
struct AnswerDesk::Instruments {
  Instruments(base::Logger& logger, base::Metrics& metrics);

  WordLog words;
  base::Gauge& jobs;
  base::Gauge& waiting;
  std::array<base::Counter*, 3> delivered_on_try;
  base::Counter& parts;
  base::Counter& with_next;
  base::Counter& on_continue;
  base::Counter& resent;
  base::Counter& by_page;
  base::Counter& late;
  base::Counter& undelivered;
  base::Counter& left_out;
  base::Counter& busy;
  base::Counter& closed_by_peer;
  base::Counter& closed_by_us;
  base::Counter& blocked_early;
  base::Counter& blocked_whole;
  base::Histogram& answer_seconds;
};

}  // namespace yingda::bot
