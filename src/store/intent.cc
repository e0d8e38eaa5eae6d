// SPDX-License-Identifier: MIT
#include "store/intent.h"

#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "store/conversation_table.h"
#include "store/inbox_table.h"
#include "store/job_table.h"
#include "store/usage_table.h"

namespace yingda::store {
namespace {

/// Numbers take 8 bytes each, texts their size as such a number before them.
class IntentPacker {
 public:
  void operator()(const std::string& text) {
    Append(text.size());
    bytes_.append(text);
  }
  template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
  void operator()(const T& number) { Append(static_cast<uint64_t>(number)); }
  void Append(uint64_t number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    bytes_.append(bytes, sizeof number);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class IntentUnpacker {
 public:
  explicit IntentUnpacker(std::string_view bytes) : left_(bytes) {}

  void operator()(std::string& text) {
    const uint64_t size = Number();
    if (size > left_.size()) return Spoil();
    text = left_.substr(0, size);
    left_.remove_prefix(size);
  }
  template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
  void operator()(T& number) { number = static_cast<T>(Number()); }
  uint64_t Number() {
    uint64_t number = 0;
    if (left_.size() < sizeof number) {
      Spoil();
      return 0;
    }
    std::memcpy(&number, left_.data(), sizeof number);
    left_.remove_prefix(sizeof number);
    return number;
  }
  /// How many of a list come; each of them takes at least one number.
  uint64_t Count() {
    const uint64_t count = Number();
    if (count > left_.size() / sizeof count) Spoil();
    return spoilt_ ? 0 : count;
  }
  bool Whole() const { return !spoilt_ && left_.empty(); }

 private:
  void Spoil() {
    spoilt_ = true;
    left_ = {};
  }

  std::string_view left_;
  bool spoilt_ = false;
};

// One list of fields for both directions. Whoever changes one changes the format: the mark in intent_log.cc then gets
// another number, so that what an older yingda left is not misread.
template <typename Archive, typename Job>
requires std::same_as<std::remove_const_t<Job>, JobRecord>
void EachField(Archive& archive, Job& job) {
  archive(job.key);
  archive(job.account);
  archive(job.open_id);
  archive(job.to_user);
  archive(job.kind);
  archive(job.question);
  archive(job.json);
  archive(job.first_seen_ms);
  archive(job.tries);
  archive(job.finished);
  archive(job.reply);
  archive(job.reply_text);
  archive(job.delivery);
  archive(job.page_id);
  archive(job.picture_url);
  archive(job.instruction);
  archive(job.usage_day);
}

template <typename Archive, typename Item>
requires std::same_as<std::remove_const_t<Item>, InboxItem>
void EachField(Archive& archive, Item& item) {
  archive(item.id);
  archive(item.account);
  archive(item.open_id);
  archive(item.question);
  archive(item.text);
  archive(item.asked_ms);
  archive(item.part);
  archive(item.expires_ms);
  archive(item.page_id);
  archive(item.made_by_model);
}

template <typename Archive, typename Said>
requires std::same_as<std::remove_const_t<Said>, Turn>
void EachField(Archive& archive, Said& turn) {
  archive(turn.role);
  archive(turn.content);
  archive(turn.at_ms);
  archive(turn.picture_url);
}

template <typename T>
void EachElement(IntentPacker& packer, const std::vector<T>& list) {
  packer.Append(list.size());
  for (const T& element : list) EachField(packer, element);
}

template <typename T>
void EachElement(IntentUnpacker& unpacker, std::vector<T>& list) {
  list.resize(unpacker.Count());
  for (T& element : list) EachField(unpacker, element);
}

template <typename Archive, typename Result>
requires std::same_as<std::remove_const_t<Result>, JobResult>
void EachField(Archive& archive, Result& result) {
  archive(result.key);
  archive(result.reply);
  archive(result.reply_text);
  archive(result.finished);
  archive(result.delivery);
  EachElement(archive, result.inbox);
  EachElement(archive, result.turns);
  archive(result.account);
  archive(result.open_id);
  archive(result.page_id);
  archive(result.usage_day);
  archive(result.tokens);
  archive(result.messages);
}

template <typename Archive, typename Mark>
requires std::same_as<std::remove_const_t<Mark>, DeliveryMark>
void EachField(Archive& archive, Mark& mark) {
  archive(mark.key);
  archive(mark.delivery);
}

base::Result<void> WriteJob(SqliteConnection& connection, const JobRecord& job) {
  YINGDA_TRY(const bool is_new, InsertJob(connection, job));
  if (!is_new || job.usage_day == 0) return {};
  return AddUsage(connection, {job.account, job.open_id, job.usage_day, 1, 0});
}

base::Result<void> WriteResult(SqliteConnection& connection, const JobResult& result) {
  auto written = SetJobReply(connection, result);
  for (InboxItem item : result.inbox) {
    item.account = result.account;
    item.open_id = result.open_id;
    if (written) written = InsertInboxItem(connection, item);
  }
  for (const Turn& turn : result.turns) {
    if (written) written = AppendTurn(connection, result.account, result.open_id, turn);
  }
  if (written && result.usage_day != 0 && (result.tokens > 0 || result.messages != 0)) {
    written = AddUsage(connection, {result.account, result.open_id, result.usage_day, result.messages, result.tokens});
  }
  return written;
}

}  // namespace

std::string EncodeIntent(const Intent& intent) {
  IntentPacker packer;
  packer.Append(intent.index());
  std::visit([&packer](const auto& each) { EachField(packer, each); }, intent);
  return packer.Take();
}

base::Result<Intent> DecodeIntent(std::string_view bytes) {
  IntentUnpacker unpacker(bytes);
  Intent intent;
  const uint64_t index = unpacker.Number();
  if (index == 1) intent.emplace<JobResult>();
  if (index == 2) intent.emplace<DeliveryMark>();
  std::visit([&unpacker](auto& each) { EachField(unpacker, each); }, intent);
  if (index <= 2 && unpacker.Whole()) return intent;
  return base::Error{base::ErrorCode::kCorrupt, "store: what the intent log holds is no intent"};
}

base::Result<void> WriteIntent(SqliteConnection& connection, const Intent& intent) {
  if (const auto* const job = std::get_if<JobRecord>(&intent)) return WriteJob(connection, *job);
  if (const auto* const result = std::get_if<JobResult>(&intent)) return WriteResult(connection, *result);
  const DeliveryMark& mark = std::get<DeliveryMark>(intent);
  return SetJobDelivery(connection, mark.key, mark.delivery);
}

bool MayWorkLater(const base::Error& error) {
  return error.code == base::ErrorCode::kUnavailable || error.code == base::ErrorCode::kCorrupt;
}

}  // namespace yingda::store
