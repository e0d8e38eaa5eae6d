yingda_bench(parse_bench SOURCES parse_bench.cc DEPS wechat)
target_link_libraries(parse_bench PRIVATE OpenSSL::Crypto pugixml::pugixml)
