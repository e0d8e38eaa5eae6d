// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "base/metrics.h"
#include "bot/answer_desk.h"

namespace yingda::bot {

/// The desk's metrics, looked up once.
struct AnswerDesk::Instruments {
  explicit Instruments(base::Metrics& metrics);

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
