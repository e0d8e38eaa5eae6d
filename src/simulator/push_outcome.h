// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "wechat/reply.h"

namespace yingda::simulator {

/// What goes wrong with one try (推送) on purpose.
struct TryFaults {
  bool skip = false;                            // WeChat never sends it
  bool lose_reply = false;                      // the reply is read to its end and then lost, as if WeChat never got it
  bool duplicate = false;                       // the same request is sent twice at once, byte for byte
  std::optional<base::Duration> hang_up_after;  // instead of the usual 5 s
};

/// What an attacker, or a wrong configuration, would send.
enum class Tamper {
  kNone,
  kSignature,   // a signature that does not match
  kStale,       // correctly signed, an hour ago
  kCiphertext,  // encrypted modes: one character of the ciphertext changed, signature as it was; plain mode: as
                // kSignature
  kAppId,       // encrypted modes: made for another AppID; plain mode: as kSignature
};

struct Faults {
  std::map<int, TryFaults> on_try;          // by number of the try, from 1
  std::optional<base::Duration> late_push;  // one more push of the same message, so long after its end
  Tamper tamper = Tamper::kNone;
};

/// How one try ended.
enum class TryEnd {
  kReply,         // a reply that WeChat shows
  kAcknowledged,  // `success` or an empty body
  kSilence,       // no complete answer in time
  kHungUp,        // by TryFaults::hang_up_after
  kReplyLost,     // by TryFaults::lose_reply
  kSkipped,       // by TryFaults::skip
  kNoConnection,
  kCutOff,     // the connection broke before the answer was complete, or it was no HTTP
  kBadStatus,  // not 200
  kBadReply,   // 200 with a body that WeChat does not accept
  kTooMany,    // not sent: the simulator's own limit of messages in flight
};
const char* ToString(TryEnd end);

enum class TryKind { kPlanned, kDuplicate, kLate };

struct TryRecord {
  int number = 1;
  TryKind kind = TryKind::kPlanned;
  TryEnd end = TryEnd::kSilence;
  base::Duration started{};  // since the first try
  base::Duration ended{};
  int status = 0;                      // 0: no answer
  std::optional<wechat::Reply> reply;  // what came, also when it was lost
  std::string problem;                 // for a person: why this is no good answer
};

enum class PushEnd {
  kShown,         // the follower sees `reply`
  kAcknowledged,  // nothing is shown and nothing is tried again
  kFailed,        // 该公众号提供的服务出现故障，请稍后再试
};

/// What became of one message.
struct PushOutcome {
  PushEnd end = PushEnd::kFailed;
  wechat::Reply reply;           // when shown
  int try_number = 0;            // of the try that ended it; of the last one when failed
  base::Duration after{};        // from the first try to the end
  std::vector<TryRecord> tries;  // in the order sent, with duplicates and the late push

  bool shown() const { return end == PushEnd::kShown; }
  bool acknowledged() const { return end == PushEnd::kAcknowledged; }
  bool failed() const { return end == PushEnd::kFailed; }
  /// The text shown, empty for anything but a text.
  std::string Text() const;
  /// Whether all replies that came for this message, seen or not, are the same.
  bool AllRepliesEqual() const;
};

}  // namespace yingda::simulator
