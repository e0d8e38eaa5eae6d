yingda_bench(rules_bench SOURCES rules_bench.cc DEPS rules PkgConfig::RE2)
