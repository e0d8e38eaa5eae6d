yingda_bench(rules_bench SOURCES rules_bench.cc engines.cc search_references.cc DEPS rules PkgConfig::RE2)
yingda_search_references(rules_bench)
