// SPDX-License-Identifier: MIT
// What one push costs from its bytes to the reply's bytes, next to what its unavoidable parts cost alone: SHA-1 of the
// signed text, pugixml loading the same body, AES-CBC over the same ciphertext. Everything in one run, interleaved, so
// that the ratios hold although the machine's speed drifts; the medians of CPU time of the rounds are printed.
// Allocations are those through operator new: pugixml and OpenSSL take theirs from malloc (pugixml one page a
// document).
#include <openssl/evp.h>
#include <time.h>

#include <pugixml.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "base/base64.h"
#include "wechat/callback.h"
#include "wechat/message_key.h"
#include "wechat/passive_reply.h"
#include "wechat/push_builder.h"
#include "wechat/signature.h"

namespace {

size_t allocations = 0;
size_t allocated_bytes = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  allocated_bytes += size;
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace {

namespace wechat = yingda::wechat;

constexpr char kToken[] = "wxbot_T0ken2024";
constexpr char kAppId[] = "wx0123456789abcdef";
constexpr char kAesKey[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
constexpr int64_t kSecond = 1717171717;
const yingda::base::WallTime kNow{std::chrono::seconds(kSecond)};
constexpr int kRounds = 201;
constexpr int kCallsPerRound = 400;

size_t sink = 0;  // keeps results alive

struct Measured {
  std::string name;
  std::function<void()> run;
  std::vector<double> nanoseconds;
  double allocations_per_call = 0;
  double bytes_per_call = 0;

  double Median() const {
    std::vector<double> sorted = nanoseconds;
    std::nth_element(sorted.begin(), sorted.begin() + sorted.size() / 2, sorted.end());
    return sorted[sorted.size() / 2];
  }
};

// Of this thread alone, so that a busy machine changes the figures little.
double CpuNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

void MeasureRound(Measured& part) {
  const size_t allocations_before = allocations;
  const size_t bytes_before = allocated_bytes;
  const double start = CpuNanoseconds();
  for (int i = 0; i < kCallsPerRound; ++i) part.run();
  part.nanoseconds.push_back((CpuNanoseconds() - start) / kCallsPerRound);
  part.allocations_per_call = static_cast<double>(allocations - allocations_before) / kCallsPerRound;
  part.bytes_per_call = static_cast<double>(allocated_bytes - bytes_before) / kCallsPerRound;
}

std::string Content(size_t bytes) {
  std::string text;
  while (text.size() + 3 <= bytes) text += "问";
  return text;
}

wechat::Incoming Message(size_t content_bytes) {
  wechat::Incoming message;
  message.to_user = "gh_a1b2c3d4e5f6";
  message.from_user = "oABCD1234efgh5678IJKL9012mnQ";
  message.create_time = kSecond;
  message.type_name = "text";
  message.type = wechat::MessageType::kText;
  message.content = Content(content_bytes);
  message.msg_id = "24521380012345678";
  return message;
}

// The references, written as plainly as their libraries allow.
class BareSha1 {
 public:
  void Run(std::string_view text) const {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestInit_ex(context_, sha1_, nullptr);
    EVP_DigestUpdate(context_, text.data(), text.size());
    EVP_DigestFinal_ex(context_, digest, &size);
    sink += digest[0];
  }

 private:
  const EVP_MD* sha1_ = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  EVP_MD_CTX* context_ = EVP_MD_CTX_new();
};

class BareAes {
 public:
  void Run(const std::string& text, std::string& out, bool encrypt) const {
    int done = 0;
    out.resize(text.size());
    const auto* key = reinterpret_cast<const unsigned char*>(key_.data());
    EVP_CipherInit_ex(context_, aes_, nullptr, key, key, encrypt ? 1 : 0);
    EVP_CIPHER_CTX_set_padding(context_, 0);
    EVP_CipherUpdate(context_, reinterpret_cast<unsigned char*>(out.data()), &done,
                     reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    sink += static_cast<size_t>(done);
  }

 private:
  std::string key_ = *yingda::base::DecodeBase64(std::string(kAesKey) + "=");
  EVP_CIPHER* aes_ = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  EVP_CIPHER_CTX* context_ = EVP_CIPHER_CTX_new();
};

void LoadXml(const std::string& body) {
  pugi::xml_document document;
  sink += document.load_buffer(body.data(), body.size()) ? 1 : 0;
}

void WholeWay(const wechat::Callback& callback, const wechat::BuiltPush& push, const wechat::Reply& reply) {
  const auto opened = callback.Open(push.query.View(), push.body, kNow);
  const auto* got = std::get_if<wechat::OpenedPush>(&opened);
  if (got == nullptr) std::abort();
  sink += wechat::MessageKey("main", got->message).size();
  std::string body = wechat::PassiveReplyXml(reply, got->message.from_user, got->message.to_user, kSecond);
  sink += callback.Seal(std::move(body), *got, kNow).size();
}

void Print(const Measured& part, const char* reference, double reference_ns) {
  std::printf("  %-44s %8.0f ns  %5.1f allocations  %7.0f bytes", part.name.c_str(), part.Median(),
              part.allocations_per_call, part.bytes_per_call);
  if (reference != nullptr) std::printf("  = %.2f x %s", part.Median() / reference_ns, reference);
  std::printf("\n");
}

void Run(wechat::CallbackMode mode, const char* mode_name, size_t content_bytes) {
  const auto builder = wechat::PushBuilder::Create({kToken, kAppId, kAesKey, mode, false});
  const auto callback = wechat::Callback::Create({.token = kToken,
                                                  .app_id = kAppId,
                                                  .encoding_aes_key = kAesKey,
                                                  .mode = mode,
                                                  .timestamp_window = std::chrono::minutes(10)});
  const wechat::BuiltPush push = builder->Build(Message(content_bytes), {kSecond, "1234567890", "0123456789abcdef"});
  const std::string clear = wechat::BuildPushXml(Message(content_bytes));
  const wechat::Reply reply = wechat::TextReply{Content(content_bytes)};
  const std::string reply_xml =
      wechat::PassiveReplyXml(reply, "oABCD1234efgh5678IJKL9012mnQ", "gh_a1b2c3d4e5f6", kSecond);
  const bool safe = mode == wechat::CallbackMode::kSafe;

  std::string encrypt;
  if (safe) {
    const size_t from = push.body.find("<Encrypt><![CDATA[") + 18;
    encrypt = push.body.substr(from, push.body.find("]]></Encrypt>") - from);
  }
  const std::string cipher_in = safe ? *yingda::base::DecodeBase64(encrypt) : "";
  const std::string cipher_out =
      safe ? *yingda::base::DecodeBase64(builder->cipher()->Encrypt(reply_xml, "0123456789abcdef")) : "";
  const std::string encrypt_out = yingda::base::EncodeBase64(cipher_out);
  const std::string signed_text = push.query.timestamp + push.query.nonce + kToken + encrypt;
  const std::string signed_reply = push.query.timestamp + push.query.nonce + kToken + encrypt_out;
  const BareSha1 sha1;
  const BareAes aes;
  std::string scratch;

  std::vector<Measured> parts;
  parts.push_back({"bare SHA-1 of the signed bytes",
                   [&] {
                     sha1.Run(signed_text);
                     if (safe) sha1.Run(signed_reply);
                   },
                   {}});
  parts.push_back({"bare pugixml load of the bodies",
                   [&] {
                     LoadXml(push.body);
                     if (safe) LoadXml(clear);
                   },
                   {}});
  if (safe) {
    parts.push_back({"bare AES-256-CBC of the bytes, both ways",
                     [&] {
                       aes.Run(cipher_in, scratch, false);
                       aes.Run(cipher_out, scratch, true);
                     },
                     {}});
  }
  const size_t references = parts.size();
  parts.push_back({"signature check",
                   [&] {
                     sink += safe ? wechat::SignatureMatches(push.query.msg_signature, kToken, push.query.timestamp,
                                                             push.query.nonce, encrypt)
                                  : wechat::SignatureMatches(push.query.signature, kToken, push.query.timestamp,
                                                             push.query.nonce);
                   },
                   {}});
  parts.push_back({"parse the push (in clear)", [&] { sink += wechat::ParseIncoming(clear)->content.size(); }, {}});
  if (safe) parts.push_back({"decrypt", [&] { sink += builder->cipher()->Decrypt(encrypt)->size(); }, {}});
  parts.push_back(
      {"write the reply XML",
       [&] {
         sink += wechat::PassiveReplyXml(reply, "oABCD1234efgh5678IJKL9012mnQ", "gh_a1b2c3d4e5f6", kSecond).size();
       },
       {}});
  parts.push_back({"whole way: check, open, key, reply, seal", [&] { WholeWay(*callback, push, reply); }, {}});

  for (int round = 0; round < kRounds; ++round) {
    for (Measured& part : parts) MeasureRound(part);
  }
  double sum = 0;
  std::printf("%s mode, %zu-byte question and answer (push body %zu bytes)\n", mode_name, content_bytes,
              push.body.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i < references) sum += parts[i].Median();
    const bool whole = i + 1 == parts.size();
    Print(parts[i], whole ? "the references together" : nullptr, sum);
  }
}

}  // namespace

int main() {
  for (const size_t bytes : {30u, 600u, 2046u}) {
    Run(wechat::CallbackMode::kPlain, "plain", bytes);
    Run(wechat::CallbackMode::kSafe, "safe", bytes);
  }
  return sink == 0 ? 1 : 0;
}
