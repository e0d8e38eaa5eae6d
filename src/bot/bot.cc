// SPDX-License-Identifier: MIT
#include "bot/bot.h"

#include <utility>

#include "bot/statistics.h"
#include "wechat/message_key.h"
#include "wechat/passive_reply.h"

namespace yingda::bot {
namespace {

using Route = Decision::Route;

constexpr std::array kRoutes = {Route::kEvent,   Route::kWords, Route::kRule,
                                Route::kCommand, Route::kModel, Route::kMessageType};

Question::Kind KindOf(Decision::Action action) {
  switch (action) {
    case Decision::Action::kContinue:
      return Question::Kind::kContinue;
    case Decision::Action::kResend:
      return Question::Kind::kResend;
    case Decision::Action::kReply:
    case Decision::Action::kClear:
    case Decision::Action::kForget:
      return Question::Kind::kReply;
    case Decision::Action::kAskModel:
      break;
  }
  return Question::Kind::kModel;
}

std::string Render(const wechat::Reply& reply, const wechat::Incoming& message, bool json, int64_t now) {
  return json ? wechat::PassiveReplyJson(reply, message.from_user, message.to_user, now)
              : wechat::PassiveReplyXml(reply, message.from_user, message.to_user, now);
}

}  // namespace

Bot::Bot(const Options& options, ReplyBook& book, AnswerDesk& desk, net::EventLoop& loop, base::Clock& clock,
         base::Logger& logger, base::Metrics& metrics)
    : book_(book),
      desk_(desk),
      loop_(loop),
      clock_(clock),
      logger_(logger),
      cooldowns_(options.cooldowns),
      repeats_(
          metrics.Counter("yingda_repeated_pushes_total", "Pushes of a key that was known", {{"state", "answered"}})),
      joins_(metrics.Counter("yingda_repeated_pushes_total", "Pushes of a key that was known", {{"state", "working"}})),
      word_log_(logger, metrics) {
  for (size_t i = 0; i < kRoutes.size(); ++i) {
    messages_by_route_.at(i) = &metrics.Counter("yingda_messages_total", "Messages by the station that decided them",
                                                {{"route", ToString(kRoutes.at(i))}});
  }
}

void Bot::Receive(const Account& account, const wechat::Incoming& message, bool json, std::shared_ptr<ReplyPort> port) {
  std::string key = wechat::MessageKey(account.name, message);
  const ReplyBook::Page page = book_.Look(key);
  if (page.state == ReplyBook::Page::State::kFinished) {
    repeats_.Add();
    port->Send(*page.reply);
    return;
  }

  thread_local PipelineScratch scratch;  // one per event thread; keeps its buffers
  const bool joins = page.state == ReplyBook::Page::State::kWorking;
  // What joins gets the reply of the job; by itself it begins nothing.
  rules::Cooldowns* const cooldowns = joins ? nullptr : &cooldowns_;
  const Occasion occasion{std::hash<std::string_view>{}(key), clock_.WallNow(), cooldowns};
  Decision decision = Decide(account, message, occasion, scratch);
  if (joins) joins_.Add();
  if (!joins) messages_by_route_.at(static_cast<size_t>(decision.route))->Add();
  if (!joins && decision.words) {
    word_log_.Note(account.name, port->RequestId(), filter::Direction::kInbound, *decision.words, decision.found);
  }
  if (!joins && account.statistics != nullptr) account.statistics->Count(decision, message);
  if (!joins && decision.reply_words) NoteWordsOfReply(account, decision, port->RequestId());

  logger_.Debug("message", {{"account", account.name},
                            {"request", port->RequestId()},
                            {"route", ToString(decision.route)},
                            {"source", decision.source}});

  const bool told = decision.action == Decision::Action::kClear || decision.action == Decision::Action::kForget;
  if (told && !joins) Tell(account, decision.action, message.from_user);
  if (joins || NeedsWork(account, message, decision)) {
    Question question;
    question.account = &account;
    question.kind = KindOf(decision.action);
    question.open_id = message.from_user;
    question.to_user = message.to_user;
    question.text = std::move(decision.question);
    question.picture_url = std::move(decision.picture_url);
    question.json = json;
    question.request_id = port->RequestId();
    question.own = std::move(decision.reply);
    question.more = std::move(decision.more);
    question.window = SendingWindowAfter(message);
    question.instruction = std::move(decision.instruction);
    // The book is opened before the hand-over, so that a push right behind this one finds the key at work.
    if (!joins && !book_.StartWork(key)) joins_.Add();
    question.key = std::move(key);
    Work(std::move(question), std::move(port));
    return;
  }

  std::string reply = Render(decision.reply, message, json, base::UnixSeconds(clock_.WallNow()));
  if (std::holds_alternative<wechat::NoReply>(decision.reply) && decision.more.empty()) {
    port->Send(reply);  // `success` needs no memory: it is the same every time
    return;
  }
  const auto entered = std::make_shared<const std::string>(std::move(reply));
  const ReplyBook::Bytes kept = book_.FinishAtOnce(key, entered);
  if (kept) {
    const bool arrived = port->Send(*kept);
    // Of several pushes of one message only the one whose reply was entered sends what follows.
    if (kept == entered && !decision.more.empty()) SendMore(account, message, std::move(decision.more), arrived);
    return;
  }
  // Rules changed between two pushes of one message, and the other one went to the desk.
  Question question;
  question.key = std::move(key);
  question.account = &account;
  question.open_id = message.from_user;
  question.to_user = message.to_user;
  question.kind = Question::Kind::kReply;
  question.own = std::move(decision.reply);
  question.more = std::move(decision.more);
  question.window = SendingWindowAfter(message);
  question.json = json;
  Work(std::move(question), std::move(port));
}

void Bot::NoteWordsOfReply(const Account& account, const Decision& decision, std::string_view request) {
  const auto outbound = filter::Direction::kOutbound;
  word_log_.Note(account.name, request, outbound, *decision.reply_words, decision.found_in_reply);
  if (account.statistics == nullptr) return;
  account.statistics->CountWords(*decision.reply_words, decision.found_in_reply, outbound);
}

bool Bot::NeedsWork(const Account& account, const wechat::Incoming& message, const Decision& decision) const {
  switch (decision.action) {
    case Decision::Action::kAskModel:
    case Decision::Action::kContinue:
    case Decision::Action::kResend:
      return true;
    case Decision::Action::kForget:
      return false;
    case Decision::Action::kReply:
    case Decision::Action::kClear:
      break;
  }
  const bool silent = std::holds_alternative<wechat::NoReply>(decision.reply);
  if (account.AbilityNow() == Ability::kPushOnly) return !silent;
  // What is unread goes in front of a text; other kinds of reply have no room for it.
  const auto* const text = std::get_if<wechat::TextReply>(&decision.reply);
  if (!silent && text == nullptr) return false;
  if (text != nullptr && text->content.size() > desk_.PageBytes()) return true;  // goes out in pages
  const bool shows = message.type == wechat::MessageType::kEvent ? wechat::ShowsReply(message.event)
                                                                 : message.type != wechat::MessageType::kUnknown;
  return shows && desk_.MayHaveUnread(account, message.from_user);
}

void Bot::Tell(const Account& account, Decision::Action action, const std::string& open_id) {
  loop_.Post([this, &account, action, open_id] {
    if (action == Decision::Action::kClear) desk_.ForgetConversation(account, open_id);
    if (action == Decision::Action::kForget) desk_.ForgetFollower(account, open_id);
  });
}

void Bot::SendMore(const Account& account, const wechat::Incoming& message, std::vector<wechat::Reply> more,
                   bool arrived) {
  const SendingWindow window = SendingWindowAfter(message);
  loop_.Post([this, &account, open_id = message.from_user, window, more = std::move(more), arrived]() mutable {
    desk_.SendMore(account, open_id, window, std::move(more), arrived);
  });
}

void Bot::Work(Question question, std::shared_ptr<ReplyPort> port) {
  loop_.RunOrPost([this, question = std::move(question), port = std::move(port)]() mutable {
    desk_.Push(std::move(question), std::move(port));
  });
}

}  // namespace yingda::bot
