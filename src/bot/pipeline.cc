// SPDX-License-Identifier: MIT
#include "bot/pipeline.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "bot/commands.h"
#include "bot/rule_reply.h"
#include "bot/seen_text.h"

namespace yingda::bot {
namespace {

using Action = Decision::Action;
using Route = Decision::Route;

// What WeChat sends as the text of stickers and of other content that this kind of account cannot receive.
constexpr std::string_view kUnsupportedMarker = "【收到不支持的消息类型，暂无法显示】";

Decision Say(Route route, const std::string& text) {
  Decision decision;
  decision.route = route;
  if (!text.empty()) decision.reply = wechat::TextReply{text};
  return decision;
}

/// The account as it is when the message comes: one moment's settings and files for all of its way.
struct Moment {
  const Account& account;
  const AccountSettings& settings;
  const AccountFiles& files;
  const Occasion& occasion;
};

/// `said`: what the follower wrote, or nothing.
Decision FromRule(const Moment& now, Route route, std::string_view said, rules::RuleMatch match,
                  PipelineScratch& scratch) {
  Decision decision;
  decision.route = route;
  decision.reply = std::move(match.reply);
  decision.more = std::move(match.more);
  decision.rule = std::move(match.rule);
  decision.source = std::move(match.source);
  decision.rules = now.files.rules;
  decision.rule_index = match.index;
  if (const auto& words = now.files.words) {
    decision.found_in_reply =
        FilterRuleReply(*words, said, now.settings.texts.blocked_answer, decision.reply, decision.more, scratch.words);
    if (!decision.found_in_reply.hits.empty()) decision.reply_words = words;
  }
  return decision;
}

/// `question` as the model may see it.
Decision ToModel(const Moment& now, std::string_view question) {
  const Texts& texts = now.settings.texts;
  if (question.size() > now.settings.max_question_bytes) return Say(Route::kModel, texts.question_too_long);
  if (now.account.model == nullptr) return Say(Route::kModel, texts.model_unavailable);
  Decision decision;
  decision.route = Route::kModel;
  decision.action = Action::kAskModel;
  decision.question = question;
  return decision;
}

rules::RuleInput InputOf(const Moment& now, const wechat::Incoming& message) {
  rules::RuleInput input;
  input.open_id = message.from_user;
  input.choice = now.occasion.choice;
  input.now = now.occasion.now;
  input.account = now.account.name;
  input.cooldowns = now.occasion.cooldowns;
  return input;
}

std::string Lower(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return lower;
}

Decision DecideEvent(const Moment& now, const wechat::Incoming& message, PipelineScratch& scratch) {
  Decision decision;
  decision.route = Route::kEvent;
  if (message.event == wechat::EventType::kUnsubscribe) {
    decision.action = Action::kForget;  // the platform's rules: whoever leaves is forgotten
    return decision;
  }
  if (!now.files.rules) return decision;
  const RuleEvent event = RuleEventOf(message);
  rules::RuleInput input = InputOf(now, message);
  input.kind = rules::RuleInput::kEvent;
  input.event = event.name;
  input.event_key = event.key;
  auto match = now.files.rules->Match(input, scratch.rules);
  if (!match) return decision;
  decision = FromRule(now, Route::kEvent, {}, *std::move(match), scratch);
  const bool silent = std::holds_alternative<wechat::NoReply>(decision.reply);
  if (!silent && IsNotShown(now.account, message.event)) {
    // A hand-over to a person is no message that could be sent.
    const bool is_message = !std::holds_alternative<wechat::TransferReply>(decision.reply);
    if (now.account.CanPush() && is_message) {
      decision.more.insert(decision.more.begin(), std::move(decision.reply));
    } else if (!now.account.CanPush()) {
      decision.more.clear();
    }
    decision.reply = wechat::NoReply();
  }
  return decision;
}

Decision WithFound(Decision decision, std::shared_ptr<const filter::WordFilter> words, filter::Verdict verdict) {
  if (verdict.hits.empty()) return decision;
  decision.words = std::move(words);
  decision.found = std::move(verdict);
  return decision;
}

/// A text that the word filter lets pass, perhaps with words to be masked.
Decision DecideLetPass(const Moment& now, const wechat::Incoming& message, std::string_view text,
                       const filter::Verdict& verdict, PipelineScratch& scratch) {
  const Texts& texts = now.settings.texts;
  const auto& rules = now.files.rules;
  rules::RuleInput input = InputOf(now, message);
  input.text = text;
  std::string masked;
  if (verdict.level == filter::Level::kMask) {
    masked = now.files.words->Mask(text, verdict);
    input.for_model = masked;
  }
  const std::string_view question = input.for_model.value_or(text);
  const auto by_rule = [&](rules::RuleMatch match) {
    if (!match.instruction) return FromRule(now, Route::kRule, text, std::move(match), scratch);
    Decision decision = ToModel(now, question);
    decision.rules = rules;
    decision.instruction = *std::move(match.instruction);
    decision.rule = std::move(match.rule);
    decision.source = std::move(match.source);
    decision.rule_index = match.index;
    return decision;
  };
  if (rules) {
    if (auto match = rules->Match(input, scratch.rules)) return by_rule(*std::move(match));
  }

  Decision decision;
  decision.route = Route::kCommand;
  switch (ParseCommand(text)) {
    case Command::kContinue:
      decision.action = Action::kContinue;
      return decision;
    case Command::kResend:
      decision.action = Action::kResend;
      return decision;
    case Command::kClear:
      decision = Say(Route::kCommand, texts.cleared);
      decision.action = Action::kClear;
      return decision;
    case Command::kHelp:
      return Say(Route::kCommand, texts.help);
    case Command::kNone:
      break;
  }

  if (rules) {
    if (auto match = rules->MatchDefault(input, scratch.rules)) return by_rule(*std::move(match));
  }
  return ToModel(now, question);
}

Decision DecideText(const Moment& now, const wechat::Incoming& message, std::string_view text,
                    PipelineScratch& scratch) {
  const Texts& texts = now.settings.texts;
  if (base::TrimBlanks(text).empty()) return Say(Route::kMessageType, texts.empty_text);
  if (text == kUnsupportedMarker) return Say(Route::kMessageType, texts.unsupported);

  filter::Verdict verdict;
  const auto& words = now.files.words;
  if (words) verdict = words->Check(text, filter::Direction::kInbound, scratch.words);
  Decision decision = verdict.level == filter::Level::kBlock ? Say(Route::kWords, texts.blocked_question)
                                                             : DecideLetPass(now, message, text, verdict, scratch);
  return WithFound(std::move(decision), words, std::move(verdict));
}

/// A message that is no text: what it says to the model, or `otherwise` when that is nothing.
Decision DecideSeen(const Moment& now, const std::string& seen, const std::string& otherwise,
                    PipelineScratch& scratch) {
  if (seen.empty() || now.account.model == nullptr) return Say(Route::kMessageType, otherwise);
  filter::Verdict verdict;
  const auto& words = now.files.words;
  if (words) verdict = words->Check(seen, filter::Direction::kInbound, scratch.words);
  if (verdict.level == filter::Level::kBlock) {
    return WithFound(Say(Route::kWords, now.settings.texts.blocked_question), words, std::move(verdict));
  }
  Decision decision;
  decision.route = Route::kModel;
  decision.action = Action::kAskModel;
  decision.question = verdict.level == filter::Level::kMask ? words->Mask(seen, verdict) : seen;
  return WithFound(std::move(decision), words, std::move(verdict));
}

Decision DecidePicture(const Moment& now, const wechat::Incoming& message) {
  const bool seen = now.settings.sees.picture && now.account.pictures != nullptr && now.account.model != nullptr;
  const std::string_view url = message.pic_url();
  if (!seen || url.empty()) return Say(Route::kMessageType, now.settings.texts.image);
  if (url.size() > model::PictureFetcher::kMaxUrlBytes) return Say(Route::kModel, now.settings.texts.picture_failed);
  Decision decision;
  decision.route = Route::kModel;
  decision.action = Action::kAskModel;
  decision.question = kPictureText;
  decision.picture_url = url;
  return decision;
}

}  // namespace

const char* ToString(Decision::Route route) {
  switch (route) {
    case Route::kEvent:
      return "event";
    case Route::kWords:
      return "words";
    case Route::kRule:
      return "rule";
    case Route::kCommand:
      return "command";
    case Route::kModel:
      return "model";
    case Route::kMessageType:
      return "message_type";
  }
  return "unknown";
}

const char* ToString(Decision::Action action) {
  switch (action) {
    case Action::kReply:
      return "reply";
    case Action::kAskModel:
      return "ask_model";
    case Action::kContinue:
      return "continue";
    case Action::kResend:
      return "resend";
    case Action::kClear:
      return "clear";
    case Action::kForget:
      return "forget";
  }
  return "unknown";
}

std::string PromptWith(const std::string& system_prompt, const std::string& instruction) {
  if (system_prompt.empty() || instruction.empty()) return system_prompt + instruction;
  return system_prompt + "\n\n" + instruction;
}

bool IsNotShown(const Account& account, wechat::EventType event) {
  using wechat::EventType;
  const Ability ability = account.AbilityNow();
  if (ability == Ability::kPushOnly || wechat::ShowsReply(event)) return false;
  if (event == EventType::kScanCodePush) return ability == Ability::kPush;
  return event != EventType::kPicture && event != EventType::kLocationSelect && event != EventType::kDebugDemo;
}

RuleEvent RuleEventOf(const wechat::Incoming& message) {
  const bool by_scene = message.event == wechat::EventType::kSubscribe || message.event == wechat::EventType::kScan;
  return {Lower(message.event_name), by_scene ? message.scene() : std::string_view(message.event_key)};
}

Decision Decide(const Account& account, const wechat::Incoming& message, const Occasion& occasion,
                PipelineScratch& scratch) {
  using wechat::MessageType;
  const auto settings = account.settings.Get();
  const auto files = account.files.Get();
  const Moment now{account, *settings, *files, occasion};
  const Texts& texts = settings->texts;
  switch (message.type) {
    case MessageType::kEvent:
      return DecideEvent(now, message, scratch);
    case MessageType::kText:
      return DecideText(now, message, message.content, scratch);
    case MessageType::kVoice:
      if (!message.recognition().empty()) return DecideText(now, message, message.recognition(), scratch);
      return Say(Route::kMessageType, texts.voice);
    case MessageType::kImage:
      return DecidePicture(now, message);
    case MessageType::kVideo:
    case MessageType::kShortVideo:
      return Say(Route::kMessageType, texts.video);
    case MessageType::kLocation:
      return DecideSeen(now, settings->sees.location ? LocationText(message) : "", texts.location, scratch);
    case MessageType::kLink:
      return DecideSeen(now, settings->sees.link ? LinkText(message) : "", texts.link, scratch);
    case MessageType::kMiniProgramPage:
    case MessageType::kUnknown:
      break;
  }
  return Say(Route::kMessageType, "");
}

}  // namespace yingda::bot
