# yingda_library(name SOURCES … DEPS … PRIVATE_DEPS …): one module, a static library called yingda_<name>.
function(yingda_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  list(TRANSFORM ARG_DEPS REPLACE "^([a-z_]+)$" "yingda_\\1")
  add_library(yingda_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(yingda_${name} PUBLIC yingda_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

# yingda_test(name LABEL unit SOURCES … DEPS …): one gtest binary, one ctest entry per binary (a process start per
# test case would cost more than the cases). Data files are found through YINGDA_TEST_DATA.
function(yingda_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  list(TRANSFORM ARG_DEPS REPLACE "^([a-z_]+)$" "yingda_\\1")
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} yingda_flags GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_compile_definitions(${name} PRIVATE YINGDA_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data"
                                             YINGDA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 180)
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# yingda_fuzz(name SOURCES … DEPS … CORPUS dir): with the fuzz preset a libFuzzer program; in every other build a program that
# replays the committed corpus as a ctest of the group fuzz_replay, so that GCC with its sanitizers runs it too.
function(yingda_fuzz name)
  cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;DEPS" ${ARGN})
  list(TRANSFORM ARG_DEPS REPLACE "^([a-z_]+)$" "yingda_\\1")
  if(YINGDA_FUZZ)
    add_executable(${name} ${ARG_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${ARG_SOURCES} "${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc")
    add_test(NAME ${name} COMMAND ${name} "${ARG_CORPUS}")
    set_tests_properties(${name} PROPERTIES LABELS fuzz_replay TIMEOUT 120)
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} yingda_flags)
endfunction()

function(yingda_bench name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  list(TRANSFORM ARG_DEPS REPLACE "^([a-z_]+)$" "yingda_\\1")
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} yingda_flags)
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
endfunction()
