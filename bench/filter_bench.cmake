# vectorscan is only something to compare with: used where its package is installed, never asked for.
yingda_bench(filter_bench SOURCES filter_bench.cc DEPS filter PkgConfig::RE2)
find_library(YINGDA_VECTORSCAN hs)
find_path(YINGDA_VECTORSCAN_INCLUDE hs/hs.h)
mark_as_advanced(YINGDA_VECTORSCAN YINGDA_VECTORSCAN_INCLUDE)
if(YINGDA_VECTORSCAN AND YINGDA_VECTORSCAN_INCLUDE)
  target_link_libraries(filter_bench PRIVATE ${YINGDA_VECTORSCAN})
  target_compile_definitions(filter_bench PRIVATE YINGDA_BENCH_VECTORSCAN=1)
endif()
