// SPDX-License-Identifier: MIT
#include "wechat/reply_parser.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

#include "wechat/incoming_fields.h"
#include "wechat/passive_reply.h"
#include "wechat/signature.h"

namespace yingda::wechat {
namespace {

base::Error Refused(base::ErrorCode code, const char* message) { return {code, message}; }
base::Error Bad(const char* message) { return Refused(base::ErrorCode::kInvalidArgument, message); }

// XML repeats <item> inside <Articles>, JSON has an array named Articles: both come as a run of equal names, and a name
// that comes again starts the next article.
std::vector<Article> Articles(const Incoming& body) {
  std::vector<Article> articles;
  std::vector<std::string_view> seen;
  for (const Incoming::Field& field : body.fields) {
    std::string_view name = field.name;
    if (!name.starts_with("Articles.")) continue;
    name.remove_prefix(name.rfind('.') + 1);
    if (articles.empty() || std::find(seen.begin(), seen.end(), name) != seen.end()) {
      articles.emplace_back();
      seen.clear();
    }
    seen.push_back(name);
    Article& article = articles.back();
    if (name == "Title") article.title = field.value;
    if (name == "Description") article.description = field.value;
    if (name == "PicUrl") article.picture_url = field.value;
    if (name == "Url") article.url = field.value;
  }
  return articles;
}

base::Result<Reply> ReadNews(const Incoming& body) {
  NewsReply news{Articles(body)};
  if (news.articles.empty()) return Bad("a news reply without articles");
  if (body.Get("ArticleCount") != std::to_string(news.articles.size()))
    return Bad("ArticleCount is not the number of articles");
  return Reply(std::move(news));
}

base::Result<Reply> ReadReply(const Incoming& body) {
  const auto get = [&](std::string_view name) { return std::string(body.Get(name)); };
  const std::string& type = body.type_name;
  if (type == "text") {
    if (body.content.empty()) return Bad("a text reply without Content");
    return Reply(TextReply{body.content});
  }
  if (type == "news") return ReadNews(body);
  if (type == "transfer_customer_service") return Reply(TransferReply{get("TransInfo.KfAccount")});
  if (type == "music") {
    return Reply(MusicReply{get("Music.Title"), get("Music.Description"), get("Music.MusicUrl"),
                            get("Music.HQMusicUrl"), get("Music.ThumbMediaId")});
  }
  const bool image = type == "image";
  const bool voice = type == "voice";
  if (!image && !voice && type != "video") return Bad("unknown MsgType");
  std::string media_id = get(image ? "Image.MediaId" : voice ? "Voice.MediaId" : "Video.MediaId");
  if (media_id.empty()) return Bad("a media reply without MediaId");
  if (image) return Reply(ImageReply{std::move(media_id)});
  if (voice) return Reply(VoiceReply{std::move(media_id)});
  return Reply(VideoReply{std::move(media_id), get("Video.Title"), get("Video.Description")});
}

base::Result<OpenedReply> ReadClear(PushBody parsed, bool encrypted) {
  Incoming& body = parsed.message;
  if (!IsComplete(body)) return Bad("ToUserName, FromUserName or MsgType is missing");
  OpenedReply opened;
  YINGDA_TRY(opened.reply, ReadReply(body));
  opened.to_user = std::move(body.to_user);
  opened.from_user = std::move(body.from_user);
  opened.create_time = body.create_time;
  opened.encrypted = encrypted;
  opened.json = parsed.json;
  return opened;
}

base::Result<PushBody> Parse(std::string_view body) {
  if (!body.starts_with("<xml>") && !body.starts_with("{")) return Bad("the reply does not begin with <xml> or {");
  return ParsePushBody(body);
}

}  // namespace

base::Result<OpenedReply> OpenReply(std::string_view body, const ReplyKeys& keys) {
  if (body.empty() || body == kSuccess) return OpenedReply{};
  YINGDA_TRY(PushBody parsed, Parse(body));
  const std::string_view encrypt = parsed.message.Get("Encrypt");
  if (encrypt.empty()) {
    if (keys.require_encrypted) return Refused(base::ErrorCode::kUnauthenticated, "the reply came in clear");
    return ReadClear(std::move(parsed), false);
  }
  if (keys.cipher == nullptr) return Refused(base::ErrorCode::kUnauthenticated, "the reply is encrypted");
  if (!SignatureMatches(parsed.message.Get("MsgSignature"), keys.token, parsed.message.Get("TimeStamp"),
                        parsed.message.Get("Nonce"), encrypt)) {
    return Refused(base::ErrorCode::kUnauthenticated, "MsgSignature is wrong");
  }
  YINGDA_TRY(std::string clear, keys.cipher->Decrypt(encrypt));
  YINGDA_TRY(PushBody inner, Parse(clear));
  return ReadClear(std::move(inner), true);
}

}  // namespace yingda::wechat
