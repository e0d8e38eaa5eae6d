// SPDX-License-Identifier: MIT
#include "simulator/follower.h"

#include <deque>
#include <optional>
#include <utility>

#include "base/guarded.h"
#include "simulator/chat_text.h"
#include "simulator/messages.h"

namespace yingda::simulator {
namespace {

constexpr size_t kMostLines = 1'000;

struct ChatState {
  std::deque<ChatLine> lines;
  uint64_t messages = 0;
  size_t waiting = 0;

  void Add(ChatLine line) {
    lines.push_back(std::move(line));
    if (lines.size() > kMostLines) lines.pop_front();
  }
};

std::string OwnLine(const wechat::Incoming& message) {
  if (message.type == wechat::MessageType::kText) return message.content;
  if (message.type != wechat::MessageType::kEvent) return "[" + message.type_name + "]";
  return "[" + message.event_name + (message.event_key.empty() ? "" : " " + message.event_key) + "]";
}

/// The line that an outcome leaves in the chat, if any. Events without a visible reply fail without a notice.
std::optional<ChatLine> LineFor(const PushOutcome& outcome, const wechat::Incoming& message) {
  ChatLine line;
  if (outcome.shown()) {
    line.text = ReplyAsText(outcome.reply);
    return line;
  }
  const bool quiet = message.type == wechat::MessageType::kEvent && !wechat::ShowsReply(message.event);
  if (outcome.acknowledged() || quiet) return std::nullopt;
  line.from = ChatLine::From::kWeChat;
  line.text = kFaultNotice;
  return line;
}

}  // namespace

struct Follower::Window {
  base::Guarded<ChatState> state;
};

Follower::Follower(WeChatSimulator& wechat, std::string open_id, base::Clock& clock)
    : wechat_(wechat), open_id_(std::move(open_id)), clock_(clock), window_(std::make_shared<Window>()) {}

void Follower::Send(wechat::Incoming message, Done done, Faults faults) {
  message.from_user = open_id_;
  const uint64_t number = window_->state.With([&](ChatState& chat) {
    ++chat.waiting;
    chat.Add({ChatLine::From::kFollower, OwnLine(message), clock_.Now(), ++chat.messages});
    return chat.messages;
  });
  wechat_.Push(message, std::move(faults),
               [window = std::weak_ptr<Window>(window_), &clock = clock_, message, number,
                done = std::move(done)](const PushOutcome& outcome) {
                 const std::shared_ptr<Window> open = window.lock();
                 if (!open) return;
                 std::optional<ChatLine> line = LineFor(outcome, message);
                 open->state.With([&](ChatState& chat) {
                   --chat.waiting;
                   if (!line) return;
                   line->at = clock.Now();
                   line->message = number;
                   chat.Add(*std::move(line));
                 });
                 if (done) done(outcome);
               });
}

void Follower::Say(std::string text, Done done, Faults faults) {
  Send(TextMessage(std::move(text)), std::move(done), std::move(faults));
}

bool Follower::Tap(Done done, Faults faults) {
  std::optional<TapLink> tap;
  window_->state.With([&](const ChatState& chat) {
    for (auto line = chat.lines.rbegin(); line != chat.lines.rend() && !tap; ++line) {
      if (line->from == ChatLine::From::kAccount) tap = TapLinkIn(line->text);
    }
  });
  if (!tap) return false;
  Send(TextMessage(tap->content, tap->menu_item_id), std::move(done), std::move(faults));
  return true;
}

std::vector<ChatLine> Follower::Chat() const {
  return window_->state.With(
      [](const ChatState& chat) { return std::vector<ChatLine>(chat.lines.begin(), chat.lines.end()); });
}

std::string Follower::LastSeen() const {
  return window_->state.With([](const ChatState& chat) {
    for (auto line = chat.lines.rbegin(); line != chat.lines.rend(); ++line) {
      if (line->from != ChatLine::From::kFollower) return line->text;
    }
    return std::string();
  });
}

std::vector<std::string> Follower::Answers() const {
  return window_->state.With([](const ChatState& chat) {
    std::vector<std::string> answers;
    for (const ChatLine& line : chat.lines) {
      if (line.from == ChatLine::From::kAccount) answers.push_back(line.text);
    }
    return answers;
  });
}

size_t Follower::Waiting() const {
  return window_->state.With([](const ChatState& chat) { return chat.waiting; });
}

}  // namespace yingda::simulator
