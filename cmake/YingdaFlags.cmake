# One INTERFACE target carries every compile flag of ours, so that no module can be built differently from another:
# a sanitizer or a hardening flag that misses one library hides what it was switched on for.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(yingda_flags INTERFACE)
target_include_directories(yingda_flags INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_options(yingda_flags INTERFACE -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Wold-style-cast
                                              -Woverloaded-virtual -Wcast-qual)
target_compile_options(yingda_flags INTERFACE "$<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow>")
target_link_libraries(yingda_flags INTERFACE Threads::Threads)
# Some libraries ask for it, and headers that are read once for all must be read by all alike.
target_compile_options(yingda_flags INTERFACE -pthread)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false dangling or uninitialised values inside inlined libstdc++ code at -O2.
  target_compile_options(yingda_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()

if(YINGDA_SANITIZE)
  target_compile_options(yingda_flags INTERFACE -fsanitize=${YINGDA_SANITIZE} -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all)
  if(YINGDA_SANITIZE MATCHES "address,undefined")
    # A null pointer ends in ASan's own report, and these three, asked at every access, are a quarter of the compiler's time.
    target_compile_options(yingda_flags INTERFACE -fno-sanitize=null,alignment,vptr)
  endif()
  target_link_options(yingda_flags INTERFACE -fsanitize=${YINGDA_SANITIZE})
  target_compile_definitions(yingda_flags INTERFACE YINGDA_SANITIZED=1)
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT YINGDA_FUZZ)
  target_compile_options(yingda_flags INTERFACE -fstack-protector-strong -fstack-clash-protection -fcf-protection
                                                -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS)
  target_link_options(yingda_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
