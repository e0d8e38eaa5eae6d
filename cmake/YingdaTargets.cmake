# Builds that exist for their test runs read the headers of the standard library, of GoogleTest and of JSON once instead
# of once per file. The dev build does not, and neither does a release build without tests (run.sh), so that a file that
# forgets an #include is found out.
if(YINGDA_TESTS AND NOT YINGDA_FUZZ AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug" OR YINGDA_SANITIZE AND NOT YINGDA_FUZZ)
  set(YINGDA_HEADERS <algorithm> <array> <atomic> <chrono> <cstdint> <deque> <filesystem> <functional> <future> <list>
                     <map> <memory> <mutex> <optional> <random> <set> <sstream> <string> <string_view> <thread>
                     <unordered_map> <utility> <variant> <vector> <nlohmann/json.hpp>)
  if(NOT EXISTS "${CMAKE_BINARY_DIR}/headers.cc")
    file(WRITE "${CMAKE_BINARY_DIR}/headers.cc" "")
  endif()
  add_library(yingda_headers OBJECT "${CMAKE_BINARY_DIR}/headers.cc")
  target_link_libraries(yingda_headers PRIVATE yingda_flags)
  target_precompile_headers(yingda_headers PRIVATE ${YINGDA_HEADERS})
  # What is tested is built as it ships, or instrumented in full; the tests themselves cost most of the compiler's time.
  add_library(yingda_test_options INTERFACE)
  if(YINGDA_SANITIZE)
    target_compile_options(yingda_test_options INTERFACE -O0 -g0)
    if(YINGDA_SANITIZE MATCHES undefined)
      target_compile_options(yingda_test_options INTERFACE -fno-sanitize=undefined)
    endif()
  else()
    target_compile_options(yingda_test_options INTERFACE -O1)
  endif()
  find_package(GTest REQUIRED)
  add_library(yingda_test_headers OBJECT "${CMAKE_BINARY_DIR}/headers.cc")
  target_link_libraries(yingda_test_headers PRIVATE yingda_flags GTest::gmock yingda_test_options)
  target_precompile_headers(yingda_test_headers PRIVATE ${YINGDA_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
endif()
# They also compile a few files of a target as one: most of a file's time goes into headers that its neighbours read,
# too. What GCC says of shadowed names and of anonymous namespaces is then about files that do not know each other; the
# dev build asks it of each file alone.
function(yingda_share_headers target headers)
  if(TARGET ${headers})
    target_precompile_headers(${target} REUSE_FROM ${headers})
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 5)
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# The edges of the program and its simulator, full of JSON and options: instrumented, but compiled as tests are.
function(yingda_edge target)
  if(YINGDA_SANITIZE AND TARGET yingda_test_headers)
    target_link_libraries(${target} PRIVATE yingda_test_options)
    target_compile_definitions(${target} PRIVATE GTEST_HAS_PTHREAD=1)  # as the headers were read
    yingda_share_headers(${target} yingda_test_headers)
  else()
    yingda_share_headers(${target} yingda_headers)
  endif()
endfunction()

# yingda_library(name [EDGE] SOURCES … DEPS … PRIVATE_DEPS …): one module, a static library called yingda_<name>.
function(yingda_library name)
  cmake_parse_arguments(ARG "EDGE" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  list(TRANSFORM ARG_DEPS REPLACE "^([a-z_]+)$" "yingda_\\1")
  add_library(yingda_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(yingda_${name} PUBLIC yingda_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  if(ARG_EDGE)
    yingda_edge(yingda_${name})
  else()
    yingda_share_headers(yingda_${name} yingda_headers)
  endif()
endfunction()

# yingda_test(name LABEL unit SOURCES … DEPS …): one gtest binary, one ctest entry per binary (a process start per
# test case would cost more than the cases). Data files are found through YINGDA_TEST_DATA. HEADERS: whose headers are read
# once, if not those that all tests share.
function(yingda_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT;HEADERS" "SOURCES;DEPS" ${ARGN})
  list(TRANSFORM ARG_DEPS REPLACE "^([a-z_]+)$" "yingda_\\1")
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} yingda_flags GTest::gmock GTest::gtest_main)
  if(NOT ARG_HEADERS)
    set(ARG_HEADERS yingda_test_headers)
  endif()
  yingda_share_headers(${name} ${ARG_HEADERS})
  if(TARGET yingda_test_options)
    target_link_libraries(${name} PRIVATE yingda_test_options)
  endif()
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
  if(TARGET yingda_headers)
    target_precompile_headers(${name} REUSE_FROM yingda_headers)
  endif()
endfunction()

function(yingda_bench name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  list(TRANSFORM ARG_DEPS REPLACE "^([a-z_]+)$" "yingda_\\1")
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} yingda_flags)
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  if(TARGET yingda_headers)
    target_precompile_headers(${name} REUSE_FROM yingda_headers)
  endif()
endfunction()
