// SPDX-License-Identifier: MIT
#include "simulator/messages.h"

namespace yingda::simulator {
namespace {

wechat::Incoming Message(std::string type_name) {
  wechat::Incoming message;
  message.type = wechat::MessageTypeOf(type_name);
  message.type_name = std::move(type_name);
  return message;
}

wechat::Incoming WithVideo(wechat::Incoming message, std::string media_id, std::string thumb_media_id) {
  message.Add("MediaId", std::move(media_id));
  message.Add("ThumbMediaId", std::move(thumb_media_id));
  return message;
}

}  // namespace

wechat::Incoming TextMessage(std::string content, std::string menu_item_id) {
  wechat::Incoming message = Message("text");
  message.content = std::move(content);
  if (!menu_item_id.empty()) message.Add("bizmsgmenuid", std::move(menu_item_id));
  return message;
}

wechat::Incoming ImageMessage(std::string picture_url, std::string media_id) {
  wechat::Incoming message = Message("image");
  message.Add("PicUrl", std::move(picture_url));
  message.Add("MediaId", std::move(media_id));
  return message;
}

wechat::Incoming VoiceMessage(std::string media_id, std::string recognition) {
  wechat::Incoming message = Message("voice");
  message.Add("Format", "amr");
  message.Add("MediaId16K", media_id + "-16k");
  message.Add("MediaId", std::move(media_id));
  if (!recognition.empty()) message.Add("Recognition", std::move(recognition));
  return message;
}

wechat::Incoming VideoMessage(std::string media_id, std::string thumb_media_id) {
  return WithVideo(Message("video"), std::move(media_id), std::move(thumb_media_id));
}

wechat::Incoming ShortVideoMessage(std::string media_id, std::string thumb_media_id) {
  return WithVideo(Message("shortvideo"), std::move(media_id), std::move(thumb_media_id));
}

wechat::Incoming LocationMessage(std::string latitude, std::string longitude, std::string label) {
  wechat::Incoming message = Message("location");
  message.Add("Location_X", std::move(latitude));
  message.Add("Location_Y", std::move(longitude));
  message.Add("Scale", "16");
  message.Add("Label", std::move(label));
  return message;
}

wechat::Incoming LinkMessage(std::string title, std::string description, std::string url) {
  wechat::Incoming message = Message("link");
  message.Add("Title", std::move(title));
  message.Add("Description", std::move(description));
  message.Add("Url", std::move(url));
  return message;
}

wechat::Incoming MiniProgramPageMessage(std::string title, std::string app_id, std::string page_path) {
  wechat::Incoming message = Message("miniprogrampage");
  message.Add("Title", std::move(title));
  message.Add("AppId", std::move(app_id));
  message.Add("PagePath", std::move(page_path));
  message.Add("ThumbUrl", "");
  message.Add("ThumbMediaId", "");
  return message;
}

wechat::Incoming SubscribeEvent(const std::string& scene) {
  if (scene.empty()) return OtherEvent("subscribe");
  return OtherEvent("subscribe", "qrscene_" + scene, {{"Ticket", "TICKET-" + scene}});
}

wechat::Incoming UnsubscribeEvent() { return OtherEvent("unsubscribe"); }

wechat::Incoming ScanEvent(const std::string& scene) {
  return OtherEvent("SCAN", scene, {{"Ticket", "TICKET-" + scene}});
}

wechat::Incoming ClickEvent(std::string menu_key) { return OtherEvent("CLICK", std::move(menu_key)); }

wechat::Incoming ViewEvent(std::string url) { return OtherEvent("VIEW", std::move(url), {{"MenuId", "424242"}}); }

wechat::Incoming LocationEvent(std::string latitude, std::string longitude) {
  return OtherEvent("LOCATION", {},
                    {{"Latitude", std::move(latitude)}, {"Longitude", std::move(longitude)}, {"Precision", "30.0"}});
}

wechat::Incoming OtherEvent(std::string name, std::string event_key,
                            std::vector<std::pair<std::string, std::string>> fields) {
  wechat::Incoming event = Message("event");
  event.event = wechat::EventTypeOf(name);
  event.event_name = std::move(name);
  event.event_key = std::move(event_key);
  for (auto& [field, value] : fields) event.Add(std::move(field), std::move(value));
  return event;
}

}  // namespace yingda::simulator
