// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bot/account.h"
#include "bot/answer_filter.h"
#include "bot/inbox_text.h"
#include "bot/reply_port.h"
#include "model/chat_model.h"
#include "model/picture_fetcher.h"
#include "net/event_loop.h"
#include "store/store.h"
#include "wechat/reply.h"

namespace yingda::bot {

/// What a message that cannot be answered at once asks for.
struct Question {
  enum class Kind {
    kModel,     // an answer of the model
    kContinue,  // the next unread page
    kResend,    // the last answer once more
    kReply,     // what was decided already, with what is unread in front of it
  };
  std::string key;  // message key
  const Account* account = nullptr;
  std::shared_ptr<const AccountSettings> settings;  // those it began with; null: the account's of now
  Kind kind = Kind::kModel;
  std::string open_id;
  std::string to_user;
  std::string text;
  std::string picture_url;  // what the question is about besides its text; empty: nothing
  bool json = false;
  std::string request_id;                // of the first push, for the log
  wechat::Reply own;                     // of kReply
  std::vector<wechat::Reply> more;       // what follows `own` as customer-service messages
  SendingWindow window = kAfterMessage;  // that the first push opened
  std::string instruction;               // of kModel: what stands behind the system prompt for this question
};

/// One push of the message whose connection is still open.
struct WaitingPush {
  std::shared_ptr<ReplyPort> port;
  int try_number = 1;
  base::TimePoint arrived;
  net::EventLoop::TimerId timer = 0;
};

/// A conversation that is read before it is needed; given to whoever comes first, the reader or the store.
struct HistoryAhead {
  uint64_t answered = 0;  // questions that had been answered when it was read
  std::optional<base::Result<std::vector<store::Turn>>> turns;
  std::function<void(base::Result<std::vector<store::Turn>>)> wanted;
};

/// The single piece of work behind one message key, from acceptance until its reply is known to have arrived or has
/// been put where the follower finds it. Belongs to the answer desk; touched on its loop only.
struct Job {
  Question question;
  std::string claim_key;  // names what of the inbox was taken for it
  bool accepted = false;  // the store has it
  base::WallTime first_seen;
  base::TimePoint first_seen_here;  // the same moment on this process's time line
  int tries = 0;
  base::TimePoint last_try;

  int64_t usage_day = 0;        // the day whose usage the question counts for; 0: none
  int64_t prompt_estimate = 0;  // tokens of what the model was asked, for upstreams that tell none

  std::list<WaitingPush> waiting;

  // The picture that the model looks at, held until the work is done.
  std::shared_ptr<model::PictureFetch> picture_fetch;
  std::function<void(base::Result<std::shared_ptr<const model::Picture>>)> picture_done;  // while it is fetched
  std::shared_ptr<const model::Picture> picture;
  std::optional<size_t> pictured_turn;  // of the conversation, that it belongs to; none: it is the question's

  // The model's side.
  std::shared_ptr<HistoryAhead> history_ahead;
  base::TimePoint answer_by;  // the picture's time is in it
  std::unique_ptr<model::ChatCall> call;
  std::function<void(model::ChatOutcome)> call_done;  // present while the call is under way
  bool model_done = false;                            // it has ended, well or not
  std::string answer;                                 // Markdown, as streamed so far
  AnswerFilter filter;                                // what of it may be shown
  std::string given;                                  // of its readable text, what went out in a part
  std::string page_id;                                // of the answer page, empty: it has none
  bool page_open = false;                             // the page waits for the end of the answer
  bool forgotten = false;  // the follower cleared the conversation meanwhile: not to be remembered
  bool left = false;       // the follower left: nothing of it is written any more

  // The reply's side. Its text is what every push of this key gets from then on.
  std::optional<std::string> reply;
  bool acknowledged = false;  // the reply is `success`; what is said goes out as customer-service messages
  InboxShare front;           // what of the inbox was taken to stand in front of the reply, or to be it
  bool maybe_given = false;   // by a process that ended since
  int results = 0;            // that were given to the store: the last one says what became of the reply
  bool store_failed = false;  // what the follower asked for could not be read
  bool front_given = false;   // the reply begins with it
  std::string resent_key;     // of the job whose answer the reply gives once more
  std::string reply_loss;     // what would be lost if the reply never arrived
  bool loss_by_model = false;
  // Set when the reply of an earlier process had become too long: what of `reply_loss` the page made of it has no room
  // for. What was in front of it is not in it any more, either.
  std::optional<std::string> reply_rest;
  bool reply_is_part = false;
  store::Delivery delivery = store::Delivery::kNone;
  bool giving_part = false;          // a part is on its way to the store and then out
  std::function<void()> after_part;  // what waits for that
  bool work_done = false;            // nothing more will be made; only delivery is open
  bool settled = false;
  net::EventLoop::TimerId settle_timer = 0;
};

}  // namespace yingda::bot
